//! The hashes that each shard has, and what a shard was split into.

use std::collections::BTreeMap;

use postgres::Row;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub shard: i64,
    pub first: i64,
    pub last: i64,
}

impl From<&Row> for Range {
    fn from(row: &Row) -> Self {
        Self { shard: row.get("shard"), first: row.get("first"), last: row.get("last") }
    }
}

/// By shard that is no more, the shards that have its hashes. None: some have none of one shard alone, or not all.
pub fn splits(planned: &[Range], now: &[Range]) -> Option<BTreeMap<i64, Vec<Range>>> {
    let kept = |range: &Range| planned.iter().any(|planned| planned == range);
    let mut splits: BTreeMap<i64, Vec<Range>> = BTreeMap::new();
    for range in now.iter().filter(|range| !kept(range)) {
        let parent = planned.iter().find(|of| of.first <= range.first && range.last <= of.last)?;
        splits.entry(parent.shard).or_default().push(*range);
    }
    let width = |range: &Range| range.last - range.first + 1;
    let gone = planned.iter().filter(|range| !now.contains(range));
    let is_whole = |gone: &Range| {
        splits.get(&gone.shard).is_some_and(|parts| parts.iter().map(width).sum::<i64>() == width(gone))
    };
    gone.into_iter().all(is_whole).then_some(splits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(shards: &[(i64, i64, i64)]) -> Vec<Range> {
        shards.iter().map(|&(shard, first, last)| Range { shard, first, last }).collect()
    }

    #[test]
    fn parts_are_told_by_their_hashes() {
        let planned = ranges(&[(1, -10, -1), (2, 0, 9)]);
        assert_eq!(splits(&planned, &planned), Some(BTreeMap::new()));
        let now = ranges(&[(1, -10, -1), (3, 0, 4), (4, 5, 9)]);
        assert_eq!(splits(&planned, &now), Some(BTreeMap::from([(2, now[1..].to_vec())])));
    }

    #[test]
    fn another_distribution_is_no_split() {
        let planned = ranges(&[(1, -10, -1), (2, 0, 9)]);
        for now in
            [&[(3, -10, 9)][..], &[(1, -10, -1), (3, 0, 4)], &[(1, -10, -1)], &[(3, -10, 4), (4, 5, 9)]]
        {
            assert_eq!(splits(&planned, &ranges(now)), None, "{now:?}");
        }
    }
}
