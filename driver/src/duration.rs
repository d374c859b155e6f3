//! A length of time on the command line.

use std::time::Duration;

pub fn parse(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map(Duration::from_secs);
    seconds.or_else(|_| humantime::parse_duration(text)).map_err(|error| error.to_string())
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
}
