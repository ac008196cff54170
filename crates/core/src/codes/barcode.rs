//! The barcode of a release: UPC-A and EAN-13, both GTINs (GS1 General Specifications §7.9).

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::{CodeError, ordinal, significant};

/// The barcode of a release: twelve digits (UPC-A) or thirteen (EAN-13), of which the last is a check on the others.
///
/// A UPC is an EAN whose first digit is 0; as many digits are kept as were given, but two codes of the same number are
/// equal: they name the same release.
///
/// ```
/// use tonmeister_core::codes::Barcode;
///
/// let upc: Barcode = "0 36000 29145 2".parse()?;
/// assert_eq!((upc.as_str(), upc.ean()), ("036000291452", "0036000291452"));
/// assert_eq!(upc, Barcode::parse("0036000291452")?);
/// # Ok::<(), tonmeister_core::codes::CodeError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Barcode {
    /// Thirteen digits, ASCII.
    ean: [u8; 13],
    upc: bool,
}

impl Barcode {
    /// Reads twelve or thirteen digits, with or without spaces and hyphens.
    ///
    /// # Errors
    /// When something is no digit, the count is neither, or the check digit is wrong; the right one is named.
    pub fn parse(text: &str) -> Result<Barcode, CodeError> {
        let digits = significant(text);
        if let Some((count, (at, found))) = digits.iter().enumerate().find(|(_, (_, c))| !c.is_ascii_digit()) {
            let problem = format!("its {} character is `{found}`, where a digit belongs", ordinal(count + 1));
            let remedy = "a UPC has twelve digits, an EAN thirteen";
            return Err(CodeError::new("barcode", text, *at..at + found.len_utf8(), problem, remedy));
        }
        let values: Vec<u8> = digits.iter().map(|(_, c)| *c as u8).collect();
        let mut ean = [b'0'; 13];
        if let 12 | 13 = values.len() {
            ean[13 - values.len()..].copy_from_slice(&values);
        } else {
            let problem = format!("{} digits", values.len());
            let remedy = if values.len() == 11 {
                let mut body = [b'0'; 12];
                body[1..].copy_from_slice(&values);
                format!("if the check digit was left out, it is {}", char::from(check_digit(&body)))
            } else {
                "a UPC has twelve digits, an EAN thirteen".to_owned()
            };
            return Err(CodeError::new("barcode", text, text.len()..text.len(), problem, remedy));
        }
        let mut body = [0; 12];
        body.copy_from_slice(&ean[..12]);
        let right = check_digit(&body);
        if ean[12] != right {
            let at = digits.last().map_or(0, |(at, _)| *at);
            let found = char::from(ean[12]);
            let problem = format!("its check digit is {found}, but {} follows from the others", char::from(right));
            let remedy = "compare it with the distributor's; one digit is wrong or two are swapped";
            return Err(CodeError::new("barcode", text, at..at + 1, problem, remedy));
        }
        Ok(Barcode { ean, upc: values.len() == 12 })
    }

    /// All thirteen digits; a UPC begins with 0.
    pub fn ean(&self) -> &str {
        std::str::from_utf8(&self.ean).unwrap_or_default()
    }

    /// The twelve digits of a UPC; none when the code is an EAN whose first digit is not 0.
    pub fn upc(&self) -> Option<&str> {
        self.ean().strip_prefix('0')
    }

    /// The digits as they were given: twelve or thirteen.
    pub fn as_str(&self) -> &str {
        if self.upc { &self.ean()[1..] } else { self.ean() }
    }
}

/// The last digit that belongs to twelve others: weights 1 and 3 in turn, complement to ten.
fn check_digit(body: &[u8; 12]) -> u8 {
    let weighed = body.iter().zip([1, 3].into_iter().cycle());
    let sum: u32 = weighed.map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    b'0' + ((10 - sum % 10) % 10) as u8
}

impl PartialEq for Barcode {
    fn eq(&self, other: &Barcode) -> bool {
        self.ean == other.ean
    }
}

impl Eq for Barcode {}

impl PartialOrd for Barcode {
    fn partial_cmp(&self, other: &Barcode) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Barcode {
    fn cmp(&self, other: &Barcode) -> Ordering {
        self.ean.cmp(&other.ean)
    }
}

impl Hash for Barcode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.ean.hash(state);
    }
}

impl FromStr for Barcode {
    type Err = CodeError;
    fn from_str(text: &str) -> Result<Barcode, CodeError> {
        Barcode::parse(text)
    }
}

impl fmt::Display for Barcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Barcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Barcode({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Barcode;

    #[test]
    fn both_lengths_are_read() {
        // Printed on real things: a can of soup's UPC and GS1's own example of an EAN.
        let upc = Barcode::parse("0 36000 29145 2").unwrap();
        assert_eq!((upc.as_str(), upc.ean(), upc.upc()), ("036000291452", "0036000291452", Some("036000291452")));
        let ean = Barcode::parse("4006381333931").unwrap();
        assert_eq!((ean.as_str(), ean.upc()), ("4006381333931", None));
        // The same number, however it was written: what a disc gives back has thirteen digits.
        assert_eq!(upc, Barcode::parse("0036000291452").unwrap());
        assert_ne!(upc, ean);
    }

    #[test]
    fn the_right_check_digit_is_named() {
        let wrong = Barcode::parse("036000291453").unwrap_err();
        assert!(wrong.to_string().contains("its check digit is 3, but 2 follows from the others"), "{wrong}");
        assert_eq!(wrong.span, 11..12);
        let short = Barcode::parse("03600029145").unwrap_err();
        assert!(short.to_string().contains("if the check digit was left out, it is 2"), "{short}");
        let letter = Barcode::parse("0360002O1452").unwrap_err();
        assert!(letter.problem.contains("8th character is `O`"), "{letter}");
    }

    #[test]
    fn every_wrong_digit_and_most_swaps_are_found() {
        let good = *b"4006381333931";
        for place in 0..13 {
            for digit in b'0'..=b'9' {
                let mut code = good;
                code[place] = digit;
                let text = std::str::from_utf8(&code).unwrap();
                assert_eq!(Barcode::parse(text).is_ok(), digit == good[place], "{text}");
            }
        }
    }
}
