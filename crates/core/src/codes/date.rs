//! A day of release, as exactly as it is known.

use std::fmt;
use std::str::FromStr;

use super::CodeError;

/// A date: a year, a month of it, or a day of that (ISO 8601 `2026`, `2026-03`, `2026-03-14`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReleaseDate {
    year: u16,
    /// 1 to 12; 0 when it is not said.
    month: u8,
    /// 1 to 31; 0 when it is not said.
    day: u8,
}

const REMEDY: &str = "write it as 2026-03-14, 2026-03 or 2026";

impl ReleaseDate {
    /// Reads `2026-03-14`, `2026-03` or `2026`; a time of day after a `T` or a space is left out.
    ///
    /// # Errors
    /// When it has another form, lies before 1000 or there is no such day.
    pub fn parse(text: &str) -> Result<ReleaseDate, CodeError> {
        let error = |span, problem: String| CodeError::new("date", text, span, problem, REMEDY);
        let date = text.split(['T', ' ']).next().unwrap_or_default();
        let mut numbers = [0_u16; 3];
        let mut at = 0;
        let parts: Vec<&str> = date.split('-').collect();
        if parts.len() > 3 {
            return Err(error(0..date.len(), format!("{} parts", parts.len())));
        }
        for (place, part) in parts.iter().enumerate() {
            let digits = if place == 0 { 4 } else { 2 };
            let span = at..at + part.len();
            at += part.len() + 1;
            if part.len() != digits || !part.bytes().all(|b| b.is_ascii_digit()) {
                let what = ["year", "month", "day"][place];
                return Err(error(span, format!("`{part}` is no {what} of {digits} digits")));
            }
            numbers[place] = part.parse().unwrap_or(0);
            let range = match place {
                0 => 1000..=9999,
                1 => 1..=12,
                _ => 1..=days(numbers[0], numbers[1]),
            };
            if !range.contains(&numbers[place]) {
                return Err(error(span, format!("there is no {} {part} there", ["year", "month", "day"][place])));
            }
        }
        Ok(ReleaseDate { year: numbers[0], month: numbers[1] as u8, day: numbers[2] as u8 })
    }

    /// The year.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12, if it is known.
    pub const fn month(self) -> Option<u8> {
        if self.month == 0 { None } else { Some(self.month) }
    }

    /// The day of the month, if it is known.
    pub const fn day(self) -> Option<u8> {
        if self.day == 0 { None } else { Some(self.day) }
    }
}

/// The days of a month (Gregorian).
const fn days(year: u16, month: u16) -> u16 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl FromStr for ReleaseDate {
    type Err = CodeError;
    fn from_str(text: &str) -> Result<ReleaseDate, CodeError> {
        ReleaseDate::parse(text)
    }
}

impl fmt::Display for ReleaseDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        for part in [self.month, self.day].into_iter().take_while(|part| *part > 0) {
            write!(f, "-{part:02}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::ReleaseDate;

    #[test]
    fn dates_are_as_exact_as_they_are_given() {
        for text in ["2026", "2026-03", "2026-03-14", "2024-02-29", "2000-02-29"] {
            assert_eq!(ReleaseDate::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(ReleaseDate::parse("2026-03-14T00:00:00Z").unwrap().to_string(), "2026-03-14");
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for text in ["", "26", "2026-13", "2026-00", "2025-02-29", "1900-02-29", "2026-04-31", "14.03.2026", "2026-3-1"]
        {
            let error = ReleaseDate::parse(text).unwrap_err();
            assert!(error.to_string().ends_with("write it as 2026-03-14, 2026-03 or 2026"), "{error}");
            assert!(error.span.end <= text.len(), "{error:?}");
        }
        let error = ReleaseDate::parse("2025-02-29").unwrap_err();
        assert_eq!((error.span.clone(), error.problem.as_str()), (8..10, "there is no day 29 there"));
    }
}
