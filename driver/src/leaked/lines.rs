//! The lines of a list, with their numbers.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use super::flaw::Flaw;

/// Of a line, and of a record that goes on over several: a file without line ends is not read into memory.
pub const LONGEST: usize = 1 << 20;

#[derive(Clone)]
pub struct Line {
    pub number: u64,
    pub text: Vec<u8>,
}

pub struct Lines {
    input: Box<dyn BufRead>,
    number: u64,
    /// Read ahead, to find out how the list is laid out.
    ahead: VecDeque<Line>,
}

impl Lines {
    pub fn new(input: Box<dyn BufRead>) -> Self {
        Self { input, number: 0, ahead: VecDeque::new() }
    }

    /// The first so many lines, or fewer if they are long. They are read again by `next`.
    pub fn first(&mut self, lines: usize) -> Result<&[Line], Flaw> {
        let mut bytes = 0;
        while self.ahead.len() < lines && bytes < LONGEST {
            let Some(line) = self.read()? else { break };
            bytes += line.text.len();
            self.ahead.push_back(line);
        }
        Ok(self.ahead.make_contiguous())
    }

    pub fn next(&mut self) -> Result<Option<Line>, Flaw> {
        match self.ahead.pop_front() {
            None => self.read(),
            line => Ok(line),
        }
    }

    fn read(&mut self) -> Result<Option<Line>, Flaw> {
        let mut text = Vec::new();
        let ended = self.read_into(&mut text)?;
        if !ended && text.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        if text.len() > LONGEST {
            return Err(Flaw::Line(self.number, "it is longer than 1 MB".to_owned()));
        }
        Ok(Some(Line { number: self.number, text }))
    }

    /// Whether a line end was met. A carriage return is one too, alone or before a line feed.
    fn read_into(&mut self, text: &mut Vec<u8>) -> io::Result<bool> {
        loop {
            let buffer = self.input.fill_buf()?;
            let end = buffer.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let taken = end.unwrap_or(buffer.len());
            text.extend_from_slice(&buffer[..taken]);
            let returned = end.is_some_and(|end| buffer[end] == b'\r');
            let over = buffer.is_empty() || text.len() > LONGEST;
            self.input.consume(taken + usize::from(end.is_some()));
            if returned && self.input.fill_buf()?.first() == Some(&b'\n') {
                self.input.consume(1);
            }
            if end.is_some() || over {
                return Ok(end.is_some());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Vec<(u64, String)> {
        let mut lines = Lines::new(Box::new(io::BufReader::with_capacity(3, text.as_bytes())));
        lines.first(2).expect("it can be read");
        std::iter::from_fn(|| lines.next().expect("it can be read"))
            .map(|line| (line.number, String::from_utf8(line.text).expect("text")))
            .collect()
    }

    #[test]
    fn a_line_ends_by_a_line_feed_a_carriage_return_or_both() {
        for text in ["ab\ncd\n\nef\n", "ab\r\ncd\r\n\r\nef", "ab\rcd\r\ref\r"] {
            let expected = [(1, "ab"), (2, "cd"), (3, ""), (4, "ef")].map(|(n, text)| (n, text.to_owned()));
            assert_eq!(read(text), expected, "{text:?}");
        }
        assert!(read("").is_empty());
    }

    #[test]
    fn a_file_without_line_ends_is_not_read_to_its_end() {
        let endless = io::BufReader::new(io::repeat(b'x'));
        assert!(matches!(Lines::new(Box::new(endless)).next(), Err(Flaw::Line(1, _))));
    }
}
