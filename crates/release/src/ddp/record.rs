//! Records of fixed fields in ASCII, padded with spaces.

/// A field: where it begins and how wide it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field(pub(super) usize, pub(super) usize);

/// A blank record of `N` bytes.
pub(super) fn blank<const N: usize>() -> [u8; N] {
    [b' '; N]
}

/// Puts a text at the left of a field. What is too long is cut: callers check first.
pub(super) fn put(record: &mut [u8], field: Field, text: &str) {
    let width = field.1.min(text.len());
    record[field.0..][..width].copy_from_slice(&text.as_bytes()[..width]);
}

/// Puts a number at the right of a field, with zeros before it.
pub(super) fn put_number(record: &mut [u8], field: Field, number: u64) {
    put(record, field, &format!("{number:0width$}", width = field.1));
}

/// The text of a field, without the spaces and NULs around it. Bytes that are not ASCII are taken as Latin-1.
pub(super) fn text(record: &[u8], field: Field) -> String {
    let bytes = record.get(field.0..field.0 + field.1).unwrap_or(&[]);
    let text: String = bytes.iter().map(|b| char::from(*b)).collect();
    text.trim_matches([' ', '\0']).to_owned()
}

/// The number of a field, padded with zeros or spaces; `None` when it is blank.
///
/// # Errors
/// When something else stands there: what that is.
pub(super) fn number(record: &[u8], field: Field) -> Result<Option<u64>, String> {
    let text = text(record, field);
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    // At most nine digits wide, so that it cannot overflow.
    text.parse().ok().filter(|_| digits).map(Some).ok_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_either_padding() {
        let mut record = blank::<16>();
        put_number(&mut record, Field(2, 6), 42);
        assert_eq!(&record, b"  000042        ");
        assert_eq!(number(&record, Field(2, 6)), Ok(Some(42)));
        assert_eq!(number(b"      42", Field(0, 8)), Ok(Some(42)));
        assert_eq!(number(b"        ", Field(0, 8)), Ok(None));
        assert_eq!(number(b"4 2     ", Field(0, 8)), Err("4 2".to_owned()));
        assert_eq!(number(b"+42     ", Field(0, 8)), Err("+42".to_owned()));
        put(&mut record, Field(10, 4), "abcdef");
        assert_eq!(text(&record, Field(10, 6)), "abcd");
        assert_eq!(text(b"a", Field(4, 4)), "");
    }
}
