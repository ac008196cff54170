//! Where a byte of a text stands, in lines and columns.

/// The line starts of a text, to place many bytes in it.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    /// Of that text.
    pub fn new(text: &str) -> Self {
        let after_breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        LineIndex { starts: std::iter::once(0).chain(after_breaks).collect() }
    }

    /// Line and column of a byte of the same text, both counted from 1; columns count characters, and a byte order
    /// mark is none. Past the end: just behind the last character.
    pub fn line_col(&self, text: &str, byte: usize) -> (usize, usize) {
        let mut byte = byte.min(text.len());
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= byte).max(1);
        let before = &text[self.starts[line - 1]..byte];
        (line, before.trim_start_matches('\u{feff}').chars().count() + 1)
    }
}

/// Line and column of a byte, both counted from 1 (see [`LineIndex::line_col`]).
pub fn line_col(text: &str, byte: usize) -> (usize, usize) {
    LineIndex::new(text).line_col(text, byte)
}

#[cfg(test)]
mod tests {
    use super::line_col;

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let text = "\u{feff}a = 1\r\nü = \"ö\"\n";
        assert_eq!(line_col(text, 0), (1, 1));
        assert_eq!(line_col(text, 3), (1, 1));
        assert_eq!(line_col(text, 7), (1, 5));
        let second = text.find("ü").unwrap();
        assert_eq!(line_col(text, second), (2, 1));
        assert_eq!(line_col(text, second + 2), (2, 2));
        assert_eq!(line_col(text, second + 1), (2, 1));
        assert_eq!(line_col(text, 1000), (3, 1));
        assert_eq!(line_col("", 0), (1, 1));
    }
}
