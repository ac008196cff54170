//! Making room in a file, a bounded piece at a time: the audio behind a tag moves, however long it is.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use crate::input::read_full;

/// Bytes that are moved at once.
const PIECE: u64 = 1 << 20;

/// Puts `new` in the place of the `old` bytes at `at`; what follows moves.
pub(super) fn splice(file: &mut File, at: u64, old: u64, new: &[u8]) -> io::Result<()> {
    shift(file, at + old, at + new.len() as u64)?;
    file.seek(SeekFrom::Start(at))?;
    file.write_all(new)
}

/// Moves everything from `from` to the end so that it begins at `to`. What lies between is left as it is.
pub(super) fn shift(file: &mut File, from: u64, to: u64) -> io::Result<()> {
    let len = file.seek(SeekFrom::End(0))?;
    let count = len.saturating_sub(from);
    let mut piece = vec![0; PIECE.min(count) as usize];
    let mut done = 0;
    while from != to && done < count {
        let size = PIECE.min(count - done);
        // Forward when it moves towards the beginning, from the end when it moves away: nothing is overwritten unread.
        let place = if to < from { done } else { count - done - size };
        let part = &mut piece[..size as usize];
        file.seek(SeekFrom::Start(from + place))?;
        if read_full(file, part)? < part.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.seek(SeekFrom::Start(to + place))?;
        file.write_all(part)?;
        done += size;
    }
    if to < from { file.set_len(to + count) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, Write};

    use super::splice;

    #[test]
    fn what_follows_moves_whole() {
        let body: Vec<u8> = (0..3_300_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for (at, old, new) in
            [(10, 0, 5), (10, 5, 0), (0, 100, 2_000_000), (7, 2_000_000, 100), (500, 20, 20), (3_300_000, 0, 9)]
        {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&body).unwrap();
            let new = vec![0xAB; new];
            splice(&mut file, at, old, &new).unwrap();
            let mut expected = body.clone();
            expected.splice(at as usize..(at + old) as usize, new);
            file.rewind().unwrap();
            let mut got = Vec::new();
            file.read_to_end(&mut got).unwrap();
            assert!(got == expected, "{at} {old}");
        }
    }
}
