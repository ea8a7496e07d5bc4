//! Lines of bounded length, hashed as they are read.

use std::io::{self, BufRead};

use sha2::{Digest, Sha256};

/// Reads lines, and knows the hash of all before the last one that was read.
pub(super) struct Lines<R> {
    reader: R,
    most: usize,
    hash: Sha256,
    line: Vec<u8>,
    number: u64,
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// A line.
    Line,
    /// It has more bytes than a line may have.
    TooLong,
    /// There are no more.
    End,
}

impl<R: BufRead> Lines<R> {
    /// Reads lines of at most so many bytes.
    pub(super) fn new(reader: R, most: usize) -> Self {
        Self { reader, most, hash: Sha256::new(), line: Vec::new(), number: 0 }
    }

    /// The number of the line that was read last, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The line that was read last, without its end.
    pub(super) fn line(&self) -> &[u8] {
        self.line.strip_suffix(b"\n").unwrap_or(&self.line)
    }

    /// SHA-256 of every byte before the line that was read last, in hexadecimal.
    pub(super) fn hash(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.hash.clone().finalize())
    }

    /// The next line. One that is too long is read to its end, and only so much of it kept as is allowed.
    pub(super) fn next(&mut self) -> io::Result<Read> {
        self.hash.update(&self.line);
        self.line.clear();
        let mut is_too_long = false;
        loop {
            let bytes = match self.reader.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(bytes.len(), |end| end + 1);
            if taken == 0 && self.line.is_empty() && !is_too_long {
                return Ok(Read::End);
            }
            if self.line.len() + taken > self.most + 1 {
                // What is not kept is hashed at once.
                is_too_long = true;
                self.hash.update(&self.line);
                self.line.clear();
            }
            if is_too_long {
                self.hash.update(&bytes[..taken]);
            } else {
                self.line.extend_from_slice(&bytes[..taken]);
            }
            self.reader.consume(taken);
            if end.is_some() || taken == 0 {
                break;
            }
        }
        self.number += 1;
        if is_too_long {
            return Ok(Read::TooLong);
        }
        Ok(Read::Line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_left_out_and_the_next_one_read() {
        let text = b"one\n123456789\n\nlast";
        let mut lines = Lines::new(io::BufReader::with_capacity(2, &text[..]), 5);
        let mut read = Vec::new();
        loop {
            match lines.next().unwrap() {
                Read::Line => read.push(String::from_utf8(lines.line().to_vec()).unwrap()),
                Read::TooLong => read.push("(too long)".to_owned()),
                Read::End => break,
            }
        }
        assert_eq!(read, ["one", "(too long)", "", "last"]);
        assert_eq!(lines.number(), 4);
        assert_eq!(lines.hash(), data_encoding::HEXLOWER.encode(&Sha256::digest(text)));
    }
}
