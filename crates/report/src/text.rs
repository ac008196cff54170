//! Numbers and times as a reader expects them, and text that is safe inside markup.

use std::fmt::Write as _;

/// A number with a true minus sign; −0.0 is 0.0.
pub fn number(value: f64, places: usize) -> String {
    let text = format!("{value:.places$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.into(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// The same with a sign in front of what is greater than zero.
pub fn signed(value: f64, places: usize) -> String {
    let text = number(value, places);
    if text.starts_with('−') || text.chars().all(|c| matches!(c, '0' | '.')) { text } else { format!("+{text}") }
}

/// A text whose numbers below zero have a true minus sign. What stands between backticks, names, stays.
pub fn signed_truly(text: &str) -> String {
    let (mut out, mut quoted, mut before) = (String::with_capacity(text.len()), false, ' ');
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        quoted ^= c == '`';
        let begins = !quoted && matches!(before, ' ' | '(' | '\u{a0}');
        let is_minus = c == '-' && begins && chars.peek().is_some_and(char::is_ascii_digit);
        out.push(if is_minus { '−' } else { c });
        before = c;
    }
    out
}

/// Number and unit, or a dash where there is no number.
pub fn quantity(value: Option<f64>, places: usize, unit: &str) -> String {
    match value.filter(|value| value.is_finite()) {
        Some(value) if unit.is_empty() => number(value, places),
        Some(value) => format!("{}\u{a0}{unit}", number(value, places)),
        None => "–".into(),
    }
}

/// Seconds as a clock shows them: `0:07`, `3:42`, `1:02:03`.
pub fn clock(seconds: f64) -> String {
    let all = seconds.max(0.0).floor() as u64;
    let (hours, minutes, seconds) = (all / 3600, all / 60 % 60, all % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A place in time to the tenth of a second: `1:23.4`.
pub fn place(seconds: f64) -> String {
    let tenths = (seconds.max(0.0) * 10.0).round() / 10.0;
    format!("{}.{}", clock(tenths + 1e-6), ((tenths * 10.0).round() as u64) % 10)
}

/// A frequency: `63 Hz`, `2.5 kHz`.
pub fn hertz(hz: f64) -> String {
    if hz < 999.5 {
        format!("{}\u{a0}Hz", number(hz, 0))
    } else {
        let text = number(hz / 1000.0, usize::from(hz < 9_950.0));
        format!("{}\u{a0}kHz", text.strip_suffix(".0").unwrap_or(&text))
    }
}

/// `3 errors`, `1 note`, `no warnings`.
pub fn count(n: usize, what: &str) -> String {
    match n {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{n} {what}s"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// Safe between tags and inside quoted attributes. Control characters, which no markup may hold, are left out.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Base64 (RFC 4648, §4).
pub(crate) fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let word = three.iter().fold(0_u32, |word, b| word << 8 | u32::from(*b)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let sign = SIGNS[(word >> (18 - 6 * place) & 63) as usize];
            let _ = out.write_char(if place <= three.len() { sign as char } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{base64, clock, escaped, hertz, list, number, place, signed, signed_truly};

    #[test]
    fn numbers_in_a_text_have_true_minus_signs() {
        let told = signed_truly("at -18.1 dBFS (-48.9), +0.1, a-1, `take -2.wav` and -x - 3-4");
        assert_eq!(told, "at −18.1 dBFS (−48.9), +0.1, a-1, `take -2.wav` and -x - 3-4");
    }

    #[test]
    fn numbers_read_as_printed() {
        assert_eq!((number(-3.25, 1), number(-0.04, 1), number(2.0, 0)), ("−3.2".into(), "0.0".into(), "2".into()));
        assert_eq!((signed(1.5, 1), signed(-1.5, 1), signed(0.01, 1)), ("+1.5".into(), "−1.5".into(), "0.0".into()));
        assert_eq!((clock(222.9), clock(3723.0)), ("3:42".into(), "1:02:03".into()));
        assert_eq!((place(83.44), place(59.97), place(0.0)), ("1:23.4".into(), "1:00.0".into(), "0:00.0".into()));
        assert_eq!(
            (hertz(63.0), hertz(2500.0), hertz(16_000.0)),
            ("63\u{a0}Hz".into(), "2.5\u{a0}kHz".into(), "16\u{a0}kHz".into())
        );
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }

    #[test]
    fn base64_of_the_standard() {
        // RFC 4648, §10.
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn nothing_breaks_out_of_markup() {
        assert_eq!(escaped("<a b=\"c\">&\u{0}\u{1b}"), "&lt;a b=&quot;c&quot;&gt;&amp;  ");
    }
}
