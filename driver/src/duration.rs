//! A length of time, on the command line and for people.

use std::time::Duration;

pub fn parse(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map(Duration::from_secs);
    seconds.or_else(|_| humantime::parse_duration(text)).map_err(|error| error.to_string())
}

/// `2 h 14 min`: the two largest units.
pub fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    let units = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let words = units.iter().skip_while(|(number, _)| *number == 0).take(2).filter(|(number, _)| *number > 0);
    let words: Vec<String> = words.map(|(number, unit)| format!("{number} {unit}")).collect();
    if words.is_empty() { "0 s".to_owned() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_or_have_a_unit() {
        let seconds = ["0", "90", "90s", "5m", "1h", "1h 30m"].map(|text| parse(text).unwrap().as_secs());
        assert_eq!(seconds, [0, 90, 90, 300, 3_600, 5_400]);
        assert!(["", "-1", "soon", "5 parsecs"].iter().all(|text| parse(text).is_err()));
    }
    #[test]
    fn the_two_largest_units_are_enough() {
        let words =
            [0, 59, 60, 125, 8_050, 86_400, 93_600].map(|seconds| in_words(Duration::from_secs(seconds)));
        assert_eq!(words, ["0 s", "59 s", "1 min", "2 min 5 s", "2 h 14 min", "1 d", "1 d 2 h"]);
    }
}
