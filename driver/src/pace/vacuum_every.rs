//! After which part of the planned tickets VACUUM is due.

/// The part of the planned tickets after which VACUUM is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VacuumEvery {
    Off,
    Percent(u8),
}

pub fn vacuum_every(text: &str) -> Result<VacuumEvery, String> {
    if text == "off" {
        return Ok(VacuumEvery::Off);
    }
    let number = text.strip_suffix('%').unwrap_or(text).parse().ok();
    let percent = number.filter(|percent| (1..=100).contains(percent));
    percent.map(VacuumEvery::Percent).ok_or_else(|| "it is neither off nor a whole 1% to 100%".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_is_a_whole_percentage_or_off() {
        assert_eq!(["off", "1%", "100%", "10"].map(|text| vacuum_every(text).is_ok()), [true; 4]);
        let wrong = ["", "%", "0%", "101%", "-1%", "2.5%", "on"];
        assert_eq!(wrong.map(|text| vacuum_every(text).is_ok()), [false; 7]);
    }
}
