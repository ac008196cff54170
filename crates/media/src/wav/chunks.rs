//! Small chunks of RIFF files, whole in memory: making them and walking lists of them.

use crate::input::array;

/// A chunk with its header, padded to an even size.
pub(crate) fn chunk(name: [u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = name.to_vec();
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
    out.extend_from_slice(body);
    out.resize(out.len() + body.len() % 2, 0);
    out
}

/// The chunks inside a list. One that goes on past the end is cut off there.
pub(crate) fn inside(list: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let name = array::<4>(rest, 0)?;
        let size = u32::from_le_bytes(array(rest, 4)?) as usize;
        let body = &rest[8..];
        let (body, _) = body.split_at(size.min(body.len()));
        rest = rest.get(8 + size + size % 2..).unwrap_or_default();
        Some((name, body))
    })
}
