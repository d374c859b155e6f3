//! Where a list comes from: a file or standard input, plain or gzip'd.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

const GZIP: &[u8] = b"\x1f\x8b";
/// The byte order mark that some programs put in front of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

pub fn open(file: &Path) -> io::Result<Box<dyn BufRead>> {
    if file == Path::new("-") {
        return read(Box::new(io::stdin()));
    }
    read(Box::new(File::open(file)?))
}

/// For people.
pub fn name(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() }
}

pub fn read(input: Box<dyn Read>) -> io::Result<Box<dyn BufRead>> {
    let (start, input) = peek(input)?;
    if start.starts_with(GZIP) {
        return without_mark(Box::new(MultiGzDecoder::new(input)));
    }
    without_mark(input)
}

fn without_mark(input: Box<dyn Read>) -> io::Result<Box<dyn BufRead>> {
    let (start, mut input) = peek(input)?;
    if start.starts_with(MARK) {
        input.read_exact(&mut [0; MARK.len()])?;
    }
    Ok(Box::new(BufReader::with_capacity(1 << 16, input)))
}

/// The first bytes, which are still to be read.
fn peek(mut input: Box<dyn Read>) -> io::Result<(Vec<u8>, Box<dyn Read>)> {
    let mut start = Vec::new();
    input.by_ref().take(MARK.len() as u64).read_to_end(&mut start)?;
    let whole = Cursor::new(start.clone()).chain(input);
    Ok((start, Box::new(whole)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn zipped(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    }

    fn content(bytes: Vec<u8>) -> io::Result<String> {
        let mut text = String::new();
        read(Box::new(Cursor::new(bytes)))?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn a_list_may_be_zipped_in_parts_and_begin_with_a_mark() {
        let marked = [MARK, b"ab\n"].concat();
        let parts = [zipped(&marked), zipped(b"cd\n")].concat();
        assert_eq!(content(marked).expect("text"), "ab\n");
        assert_eq!(content(parts).expect("text"), "ab\ncd\n");
        assert_eq!(content(b"a".to_vec()).expect("text"), "a");
        assert_eq!(content(Vec::new()).expect("text"), "");
    }

    #[test]
    fn a_zipped_list_that_breaks_off_is_an_error() {
        let whole = zipped("ab\n".repeat(100).as_bytes());
        assert!(content(whole[..whole.len() - 5].to_vec()).is_err());
    }
}
