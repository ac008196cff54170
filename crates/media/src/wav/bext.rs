//! The broadcast extension chunk, version 2 (EBU Tech 3285; the byte places are summed up in its §2.3 and 2.4).

use crate::info::{Bext, BextLoudness};
use crate::input::{array, text};

/// Everything before the coding history.
pub(crate) const FIXED: usize = 602;
/// A loudness that is not said.
const UNSET: i16 = 0x7FFF;

/// Reads the chunk's body; none when it is too short for version 0's fields.
pub(crate) fn parse(body: &[u8]) -> Option<Bext> {
    let field = |from: usize, to: usize| body.get(from..to).map(text);
    let version = u16::from_le_bytes(array(body, 346)?);
    let umid = array::<64>(body, 348).filter(|umid| version >= 1 && umid.iter().any(|b| *b != 0));
    let loudness = |at| {
        let value = array(body, at).map(i16::from_le_bytes).filter(|_| version >= 2)?;
        (value != UNSET).then(|| f64::from(value) / 100.0)
    };
    Some(Bext {
        description: field(0, 256)?,
        originator: field(256, 288)?,
        originator_reference: field(288, 320)?,
        date: field(320, 330)?,
        time: field(330, 338)?,
        time_reference: u64::from_le_bytes(array(body, 338)?),
        version,
        umid,
        loudness: BextLoudness {
            integrated_lufs: loudness(412),
            range_lu: loudness(414),
            max_true_peak_dbtp: loudness(416),
            max_momentary_lufs: loudness(418),
            max_short_term_lufs: loudness(420),
        },
        coding_history: body.get(FIXED..).map(text).unwrap_or_default().replace("\r\n", "\n"),
    })
}

/// The chunk's body, version 2. Text beyond ASCII becomes `?`, text too long is cut (told by `Tags::check`).
pub(crate) fn body(bext: &Bext) -> Vec<u8> {
    let mut out = Vec::with_capacity(FIXED + bext.coding_history.len() + 2);
    let mut put = |text: &str, size: usize| {
        let end = out.len() + size;
        out.extend(text.chars().map(ascii).take(size));
        out.resize(end, 0);
    };
    put(&bext.description, 256);
    put(&bext.originator, 32);
    put(&bext.originator_reference, 32);
    put(&bext.date, 10);
    put(&bext.time, 8);
    out.extend_from_slice(&bext.time_reference.to_le_bytes());
    out.extend_from_slice(&2_u16.to_le_bytes());
    out.extend_from_slice(&bext.umid.unwrap_or([0; 64]));
    let of = bext.loudness;
    let values =
        [of.integrated_lufs, of.range_lu, of.max_true_peak_dbtp, of.max_momentary_lufs, of.max_short_term_lufs];
    for value in values {
        out.extend_from_slice(&hundredths(value).to_le_bytes());
    }
    out.resize(FIXED, 0);
    // Each line of the history ends with CR and LF.
    for line in bext.coding_history.lines().filter(|line| !line.is_empty()) {
        out.extend(line.chars().map(ascii));
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn ascii(c: char) -> u8 {
    if c.is_ascii() && !c.is_ascii_control() { c as u8 } else { b'?' }
}

/// The nearest hundredth; what the field cannot hold is left unsaid.
fn hundredths(value: Option<f64>) -> i16 {
    let steps = value.map(|value| (value * 100.0).round());
    steps.filter(|steps| steps.abs() < f64::from(UNSET)).map_or(UNSET, |steps| steps as i16)
}
