//! Numbers and tables as a musician reads them: true minus signs, units, columns that line up.

use clap::builder::styling::{AnsiColor, Style};

/// What stands out: titles.
pub(crate) const STRONG: Style = Style::new().bold();
/// What stands back: units, paths, column heads.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// What is as it should be.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What deserves a look.
pub(crate) const CARE: Style = AnsiColor::Yellow.on_default();
/// What is wrong.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// The text in that style; nothing stays nothing.
pub(crate) fn styled(style: Style, text: impl std::fmt::Display) -> String {
    let text = text.to_string();
    if text.is_empty() { text } else { format!("{style}{text}{style:#}") }
}

/// A number with a true minus sign and so many decimals; −∞ for silence and a dash for what does not exist.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    if value.is_nan() {
        return "–".into();
    }
    if value.is_infinite() {
        return if value < 0.0 { "−∞".into() } else { "+∞".into() };
    }
    let digits = format!("{:.decimals$}", value.abs());
    let is_zero = digits.bytes().all(|c| c == b'0' || c == b'.');
    if value < 0.0 && !is_zero { format!("−{digits}") } else { digits }
}

/// The number and its unit.
pub(crate) fn quantity(value: f64, decimals: usize, unit: &str) -> String {
    format!("{} {unit}", number(value, decimals))
}

/// A change: with its sign, unless it rounds to nothing.
pub(crate) fn signed(value: f64, decimals: usize, unit: &str) -> String {
    let text = quantity(value, decimals, unit);
    let is_zero = text.bytes().take_while(|c| *c != b' ').all(|c| c == b'0' || c == b'.');
    if value > 0.0 && !is_zero { format!("+{text}") } else { text }
}

/// The number or a dash, and its unit.
pub(crate) fn maybe(value: Option<f64>, decimals: usize, unit: &str) -> String {
    value.map_or_else(|| "–".into(), |value| quantity(value, decimals, unit))
}

/// A duration: `3:07.500`, `1:02:03.000`.
pub(crate) fn duration(seconds: f64) -> String {
    let millis = (seconds.max(0.0) * 1000.0).round() as u64;
    let (hours, minutes, seconds, rest) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60, millis % 1000);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}.{rest:03}")
    } else {
        format!("{minutes}:{seconds:02}.{rest:03}")
    }
}

/// One thing, or several: `1 track`, `12 tracks`, `3 buses`.
pub(crate) fn count(many: usize, one: &str) -> String {
    let ending = match many {
        1 => "",
        _ if one.ends_with('s') => "es",
        _ => "s",
    };
    format!("{many} {one}{ending}")
}

/// On which side a column's text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Rows of cells under column heads. Cells may carry styles; columns are as wide as what is seen of them.
#[derive(Debug)]
pub(crate) struct Table {
    sides: Vec<Side>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With these heads; empty heads print no line of heads.
    pub(crate) fn new(heads: &[(&str, Side)]) -> Self {
        let mut table = Table { sides: heads.iter().map(|(_, side)| *side).collect(), rows: Vec::new() };
        if heads.iter().any(|(head, _)| !head.is_empty()) {
            table.row(heads.iter().map(|(head, _)| styled(FAINT, head)));
        }
        table
    }

    /// Two columns without heads: what, and how much.
    pub(crate) fn facts() -> Self {
        Table::new(&[("", Side::Left), ("", Side::Left)])
    }

    /// One more row; missing cells are empty.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// A row of [`Table::facts`].
    pub(crate) fn fact(&mut self, what: &str, value: impl Into<String>) {
        self.row([styled(FAINT, what), value.into()]);
    }

    /// The table, indented by two, each line ended.
    pub(crate) fn text(&self) -> String {
        let width = |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|c| seen(c)).max();
        let widths: Vec<usize> = (0..self.sides.len()).map(|column| width(column).unwrap_or(0)).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for ((cell, side), width) in row.iter().zip(&self.sides).zip(&widths) {
                let gap = " ".repeat(width - seen(cell));
                line.push_str("  ");
                match side {
                    Side::Left => line.extend([cell.as_str(), &gap]),
                    Side::Right => line.extend([gap.as_str(), cell]),
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// How many columns of a terminal a text takes, its styles not counted.
pub(crate) fn seen(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().chars().map(width).sum()
}

/// Two columns for the wide letters of East Asia, none for combining marks, one for the rest.
fn width(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036F | 0x200B..=0x200F | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F
        | 0x2E80..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1FAFF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(quantity(-14.0, 1, "LUFS"), "−14.0 LUFS");
        assert_eq!(number(-0.001, 1), "0.0");
        let changes = [0.26, -0.26, 0.04, -0.04].map(|db| signed(db, 1, "dB"));
        assert_eq!(changes, ["+0.3 dB", "−0.3 dB", "0.0 dB", "0.0 dB"]);
        assert_eq!(styled(CARE, ""), "");
        assert_eq!(number(f64::NEG_INFINITY, 1), "−∞");
        assert_eq!(maybe(None, 1, "LU"), "–");
        assert_eq!(duration(187.5), "3:07.500");
        assert_eq!(duration(3_723.0), "1:02:03.000");
        assert_eq!((count(1, "track"), count(0, "track")), ("1 track".into(), "0 tracks".into()));
    }

    #[test]
    fn columns_line_up_whatever_their_style_or_script() {
        let mut table = Table::new(&[("file", Side::Left), ("peak", Side::Right)]);
        table.row([styled(STRONG, "ドラム.wav"), "−1.0".into()]);
        table.row(["a.wav".into(), "−12.0".into()]);
        let plain = anstream::adapter::strip_str(&table.text()).to_string();
        assert_eq!(plain, "  file         peak\n  ドラム.wav   −1.0\n  a.wav       −12.0\n");
    }
}
