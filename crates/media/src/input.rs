//! The bytes a file is read from, and careful ways of reading them.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use symphonia::core::io::MediaSource;

use crate::error::MediaError;

/// Anything that bytes can be read from at any place: a file, or a buffer in memory.
pub trait Input: Read + Seek + Send + Sync {}

impl<T: Read + Seek + Send + Sync> Input for T {}

/// An input with its name and its length, which was measured, not claimed.
pub(crate) struct Bytes<'a> {
    pub(crate) path: &'a Path,
    pub(crate) input: &'a mut dyn Input,
    pub(crate) len: u64,
}

impl Bytes<'_> {
    /// Fills `out` from that place; fewer bytes only at the end of the file.
    pub(crate) fn read_at(&mut self, at: u64, out: &mut [u8]) -> Result<usize, MediaError> {
        self.input
            .seek(SeekFrom::Start(at))
            .and_then(|_| read_full(self.input, out))
            .map_err(|e| MediaError::io(self.path, "read", e))
    }

    /// At most `limit` of the `size` bytes that a header claims at that place, and no more than the file has.
    pub(crate) fn read_some(&mut self, at: u64, size: u64, limit: usize) -> Result<Vec<u8>, MediaError> {
        let there = size.min(self.len.saturating_sub(at)).min(limit as u64) as usize;
        let mut out = vec![0; there];
        let read = self.read_at(at, &mut out)?;
        out.truncate(read);
        Ok(out)
    }
}

/// Reads until `out` is full or the input ends.
pub(crate) fn read_full(input: &mut (impl Read + ?Sized), out: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < out.len() {
        match input.read(&mut out[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Lends an input to the decoders of other crates.
///
/// It may pretend that a file which is cut off goes on with zeros, for demuxers that refuse to begin with such a file.
pub(crate) struct Lent {
    input: Box<dyn Input>,
    /// The true length.
    len: u64,
    /// The length that is pretended.
    pretended: u64,
    at: u64,
}

impl Lent {
    pub(crate) fn new(input: Box<dyn Input>, len: u64, pretended: u64) -> Lent {
        Lent { input, len, pretended: pretended.max(len), at: 0 }
    }
}

impl Read for Lent {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = if self.at < self.len {
            self.input.read(out)?
        } else {
            let zeros = (out.len() as u64).min(self.pretended.saturating_sub(self.at)) as usize;
            out[..zeros].fill(0);
            zeros
        };
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Lent {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.pretended.checked_add_signed(by),
        };
        let place = place.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        self.input.seek(SeekFrom::Start(place.min(self.len)))?;
        self.at = place;
        Ok(place)
    }
}

impl MediaSource for Lent {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.pretended)
    }
}

/// The first `N` bytes at a place of a slice, if it reaches that far.
pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// Four characters as they stand, unprintable ones as dots.
pub(crate) fn fourcc(id: [u8; 4]) -> String {
    id.iter().map(|b| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { '.' }).collect()
}

/// Text up to the first zero byte, without spaces around it. Bytes that are not UTF-8 are taken as Latin-1.
pub(crate) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let bytes = &bytes[..end];
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
    };
    text.trim().to_owned()
}
