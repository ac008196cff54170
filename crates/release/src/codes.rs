//! Codes that identify: ISRC for a recording, EAN for a release. A code that exists as a value is well-formed.

use std::fmt;
use std::str::FromStr;

/// Why a text is not a code. The message says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CodeError {
    /// What was expected, what was found, what to do.
    pub message: String,
}

/// An International Standard Recording Code (ISO 3901): two letters of the prefix, three letters or digits of the
/// registrant, two digits of the year, five of the recording.
///
/// ```
/// use tonmeister_release::codes::Isrc;
///
/// let code: Isrc = "gb-abc-26-00001".parse()?;
/// assert_eq!(code.as_str(), "GBABC2600001");
/// assert_eq!(code.dashed(), "GB-ABC-26-00001");
/// # Ok::<(), tonmeister_release::codes::CodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Isrc([u8; 12]);

impl Isrc {
    /// The twelve characters, without dashes.
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }

    /// As it is printed: `CC-XXX-YY-NNNNN`.
    pub fn dashed(&self) -> String {
        let code = self.as_str();
        format!("{}-{}-{}-{}", &code[..2], &code[2..5], &code[5..7], &code[7..])
    }
}

impl FromStr for Isrc {
    type Err = CodeError;

    /// Dashes, spaces and lower case are taken as a person writes them.
    fn from_str(text: &str) -> Result<Isrc, CodeError> {
        let bare: Vec<u8> =
            text.bytes().filter(|b| !matches!(b, b'-' | b' ')).map(|b| b.to_ascii_uppercase()).collect();
        let fits = bare.len() == 12
            && bare[..2].iter().all(u8::is_ascii_uppercase)
            && bare[2..5].iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            && bare[5..].iter().all(u8::is_ascii_digit);
        match <[u8; 12]>::try_from(bare) {
            Ok(code) if fits => Ok(Isrc(code)),
            _ => Err(CodeError {
                message: format!(
                    "`{}` is no ISRC: expected 2 letters, 3 letters or digits, 7 digits, such as GB-ABC-26-00001; take \
                     it from whoever assigns your codes",
                    text.escape_debug()
                ),
            }),
        }
    }
}

impl fmt::Display for Isrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Isrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The number under a release's bar code: 13 digits, the last of which checks the others (GS1 General Specifications,
/// 7.9). A UPC-A of 12 digits is the EAN with a zero before it.
///
/// ```
/// use tonmeister_release::codes::Ean;
///
/// let code: Ean = "0 36000 29145 2".parse()?;
/// assert_eq!(code.as_str(), "0036000291452");
/// let wrong = "4006381333932".parse::<Ean>().unwrap_err();
/// assert!(wrong.message.contains("4006381333931"), "{wrong}");
/// # Ok::<(), tonmeister_release::codes::CodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ean([u8; 13]);

impl Ean {
    /// The thirteen digits.
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }

    /// The digit that checks twelve others: odd places count once, even ones three times, and it fills up to a ten.
    pub fn check_digit(digits: &[u8; 12]) -> u8 {
        let weigh = |(place, digit): (usize, &u8)| u32::from(digit - b'0') * if place % 2 == 0 { 1 } else { 3 };
        let sum: u32 = digits.iter().enumerate().map(weigh).sum();
        b'0' + ((10 - sum % 10) % 10) as u8
    }
}

impl FromStr for Ean {
    type Err = CodeError;

    /// Spaces and dashes are passed over; 12 digits are a UPC-A.
    fn from_str(text: &str) -> Result<Ean, CodeError> {
        let mut bare: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'-' | b' ')).collect();
        if bare.len() == 12 {
            bare.insert(0, b'0');
        }
        let digits = bare.iter().all(u8::is_ascii_digit);
        let Some(code) = <[u8; 13]>::try_from(bare).ok().filter(|_| digits) else {
            let message =
                format!("`{}` is no EAN or UPC: expected 13 or 12 digits, as under the bar code", text.escape_debug());
            return Err(CodeError { message });
        };
        let mut right = code;
        right[12] = Ean::check_digit(code.first_chunk().unwrap_or(&[b'0'; 12]));
        if right == code {
            return Ok(Ean(code));
        }
        let message = format!(
            "the EAN {} has a wrong check digit: a digit was mistyped, or the code is {}; compare it with the bar code",
            ascii(&code),
            ascii(&right)
        );
        Err(CodeError { message })
    }
}

impl fmt::Display for Ean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Ean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The bytes of a code are ASCII by construction.
fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published check digits of GS1's and Wikipedia's examples: 4006381333931, 0036000291452, 73513537 is EAN-8.
    #[test]
    fn check_digits_are_as_published() {
        for code in ["4006381333931", "036000291452", "5901234123457", "9780201379624"] {
            assert!(code.parse::<Ean>().is_ok(), "{code}");
        }
        for code in ["4006381333930", "123", "", "40063813339AB", "73513537"] {
            assert!(code.parse::<Ean>().is_err(), "{code}");
        }
    }

    /// Every single wrong digit is found: 13 places times 9 other digits.
    #[test]
    fn one_wrong_digit_never_passes() {
        let right = *b"5901234123457";
        for place in 0..13 {
            for digit in b'0'..=b'9' {
                let mut code = right;
                code[place] = digit;
                assert_eq!(ascii(&code).parse::<Ean>().is_ok(), code == right);
            }
        }
    }

    #[test]
    fn a_recording_code_has_its_shape() {
        assert!("USABC1234567".parse::<Isrc>().is_ok());
        assert!("US-S1Z-99-00001".parse::<Isrc>().is_ok());
        for code in ["US1BC1234567X", "1SABC1234567", "USABC12345", "USABC12345é7", ""] {
            assert!(code.parse::<Isrc>().is_err(), "{code}");
        }
    }
}
