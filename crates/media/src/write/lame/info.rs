//! The Info header that LAME puts into a first, silent packet (G. Bouvigne and others, *Mp3 Info Tag revision 1*).

use std::io::{self, Read, Seek, SeekFrom, Write};

/// `Xing` or `Info` up to LAME's own part: marks, flags, packets, bytes, 100 places for seeking, quality.
const LAME: usize = 120;
/// Delay and padding, 12 bits each, in LAME's part.
const DELAY: usize = LAME + 21;
/// The sum over everything before it.
const SUM: usize = LAME + 34;

/// Adds frames to the delay and the padding that the header states. `false`, with the file as it was, when there is no such
/// header, it is damaged, or the numbers outgrow it.
pub(super) fn lengthen(file: &mut (impl Read + Write + Seek), made_up: [u16; 2]) -> io::Result<bool> {
    file.seek(SeekFrom::Start(0))?;
    let mut head = Vec::with_capacity(512);
    Read::by_ref(file).take(512).read_to_end(&mut head)?;
    let Some(changed) = changed(&head, made_up) else { return Ok(false) };
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&changed)?;
    Ok(true)
}

fn changed(head: &[u8], [delay, padding]: [u16; 2]) -> Option<Vec<u8>> {
    // Behind the packet's header (4 bytes) and its side information (32 bytes of stereo, 17 of mono; MPEG-1).
    let mono = head.get(3)? >> 6 == 3;
    let mark = if mono { 21 } else { 36 };
    if !matches!(head.get(mark..mark + 4)?, b"Xing" | b"Info") || head.get(mark + LAME..mark + LAME + 4)? != b"LAME" {
        return None;
    }
    let sum_at = mark + SUM;
    if head.get(sum_at..sum_at + 2)? != sum(&head[..sum_at]).to_be_bytes() {
        return None;
    }
    let [a, b, c] = *head.get(mark + DELAY..)?.first_chunk()?;
    let (stated_delay, stated_padding) =
        (u16::from(a) << 4 | u16::from(b) >> 4, (u16::from(b) & 15) << 8 | u16::from(c));
    let (delay, padding) = (stated_delay + delay, stated_padding + padding);
    if delay > 0xFFF || padding > 0xFFF {
        return None;
    }
    let mut out = head.to_vec();
    let both = u32::from(delay) << 12 | u32::from(padding);
    out[mark + DELAY..mark + DELAY + 3].copy_from_slice(&both.to_be_bytes()[1..]);
    let new = sum(&out[..sum_at]).to_be_bytes();
    out[sum_at..sum_at + 2].copy_from_slice(&new);
    Some(out)
}

/// CRC-16 (0x8005, the low bit first, begun at 0).
fn sum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xA001 } else { crc >> 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::{changed, sum};

    #[test]
    fn the_sum_is_the_usual_one() {
        // The published check value of CRC-16/ARC.
        assert_eq!(sum(b"123456789"), 0xBB3D);
    }

    #[test]
    fn only_a_whole_header_is_changed() {
        for mark in [36, 21] {
            let mut head = vec![0; 512];
            head[..4].copy_from_slice(&[0xFF, 0xFB, 0x90, if mark == 36 { 0x40 } else { 0xC0 }]);
            head[mark..mark + 4].copy_from_slice(b"Info");
            head[mark + 120..mark + 129].copy_from_slice(b"LAME3.100");
            head[mark + 141..mark + 144].copy_from_slice(&[0x24, 0x04, 0x1A]);
            assert_eq!(changed(&head, [1152, 1152]), None, "the sum is wrong");
            let right = sum(&head[..mark + 154]).to_be_bytes();
            head[mark + 154..mark + 156].copy_from_slice(&right);
            let new = changed(&head, [1152, 1152]).unwrap();
            // 576 and 1050 became 1728 and 2202.
            assert_eq!(new[mark + 141..mark + 144], [0x6C, 0x08, 0x9A]);
            assert_eq!(new[mark + 154..mark + 156], sum(&new[..mark + 154]).to_be_bytes());
            assert_eq!(changed(&new, [4000, 0]), None, "12 bits are not enough");
            for cut in 0..mark + 156 {
                assert_eq!(changed(&head[..cut], [1, 1]), None);
            }
        }
    }
}
