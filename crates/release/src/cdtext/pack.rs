//! A pack: four bytes of header, twelve of payload, two of checksum.

use super::PACK;

/// Bytes of text in a pack.
pub(super) const PAYLOAD: usize = 12;

/// CRC-16 with the polynomial 1021 and a start of 0 (as XMODEM's), all bits inverted.
pub(super) fn crc(bytes: &[u8]) -> u16 {
    let step = |crc: u16, bit: u8| if (crc >> 15) as u8 ^ bit == 1 { (crc << 1) ^ 0x1021 } else { crc << 1 };
    let sum = bytes.iter().fold(0, |crc, byte| (0..8).rev().fold(crc, |crc, n| step(crc, byte >> n & 1)));
    !sum
}

/// A pack taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pack {
    /// The pack type, 80 to 8F.
    pub(super) kind: u8,
    /// The track that the first byte of the payload belongs to; 0 for the disc.
    pub(super) track: u8,
    pub(super) sequence: u8,
    pub(super) double_byte: bool,
    pub(super) block: u8,
    /// The place of the payload's first byte in its text, at most 15.
    pub(super) position: u8,
    pub(super) payload: [u8; PAYLOAD],
}

impl Pack {
    pub(super) fn bytes(&self) -> [u8; PACK] {
        let mut out = [0; PACK];
        let place = u8::from(self.double_byte) << 7 | (self.block & 7) << 4 | (self.position & 15);
        out[..4].copy_from_slice(&[self.kind, self.track, self.sequence, place]);
        out[4..16].copy_from_slice(&self.payload);
        let sum = crc(&out[..16]);
        out[16..].copy_from_slice(&sum.to_be_bytes());
        out
    }

    /// The pack, and whether its checksum is right.
    pub(super) fn read(bytes: &[u8; PACK]) -> (Pack, bool) {
        let mut payload = [0; PAYLOAD];
        payload.copy_from_slice(&bytes[4..16]);
        let pack = Pack {
            kind: bytes[0],
            track: bytes[1],
            sequence: bytes[2],
            double_byte: bytes[3] & 0x80 != 0,
            block: bytes[3] >> 4 & 7,
            position: bytes[3] & 15,
            payload,
        };
        (pack, crc(&bytes[..16]).to_be_bytes() == bytes[16..])
    }
}
