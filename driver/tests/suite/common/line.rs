//! Lines such as `completed: 30.30 % (14800 of 48850) | remaining time: 21 second(s)`, taken apart.

#[derive(Debug)]
pub struct Line {
    pub done: u64,
    pub planned: u64,
    pub remaining: Option<u64>,
}

impl Line {
    /// Panics unless every character is as it has to be.
    #[track_caller]
    pub fn parse(text: &str) -> Self {
        let numbers: Vec<u64> =
            text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect();
        let [_, _, done, planned, ref rest @ ..] = numbers[..] else { panic!("{text}") };
        let line = Self { done, planned, remaining: rest.first().copied() };
        assert_eq!(text, line.text());
        line
    }

    pub fn parse_all(output: &str) -> Vec<Self> {
        output.lines().map(Self::parse).collect()
    }

    fn text(&self) -> String {
        let Self { done, planned, remaining } = self;
        let percent = 100.0 * *done as f64 / *planned as f64;
        let remaining = remaining.map_or("-".to_owned(), |seconds| format!("{seconds} second(s)"));
        format!("completed: {percent:.2} % ({done} of {planned}) | remaining time: {remaining}")
    }
}

#[test]
fn a_line_is_taken_apart_and_a_wrong_one_refused() {
    let line = Line::parse("completed: 30.30 % (14800 of 48850) | remaining time: 21 second(s)");
    assert_eq!((line.done, line.planned, line.remaining), (14_800, 48_850, Some(21)));
    for wrong in [
        "completed: 30.31 % (14800 of 48850) | remaining time: 21 second(s)",
        "completed: 30.30% (14800 of 48850) | remaining time: 21 second(s)",
        "completed: 30.30 % (14800 of 48850) | remaining time: 21 seconds",
    ] {
        assert!(std::panic::catch_unwind(|| Line::parse(wrong)).is_err(), "{wrong}");
    }
}
