//! How much a side holds: data, never constants in code.

use toml_edit::{Document, Item, Table as Toml};
use tonmeister_core::diagnostic::nearest;

/// The table that ships with the program.
pub const BUILT_IN: &str = include_str!("../../data/sides.toml");

/// What turns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A record.
    Vinyl {
        /// Its diameter.
        inches: f64,
        /// Turns a minute.
        rpm: f64,
    },
    /// A compact cassette.
    Cassette,
}

/// A record or a tape.
#[derive(Clone, Debug, PartialEq)]
pub struct Medium {
    /// Its name: `12-inch 33`, `C60`.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Up to here a side is good, in seconds.
    pub good_s: f64,
    /// Longer than this a side cannot be, in seconds.
    pub longest_s: f64,
    /// Who says so.
    pub source: String,
    /// When that was looked up.
    pub date: String,
}

/// From where on something is said of a song on a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Below this frequency a record is cut in mono.
    pub mono_below_hz: f64,
    /// Side over middle below it, in dB.
    pub low_width_db: f64,
    /// Correlation that is not to be reached at any time.
    pub correlation: f64,
    /// The most RMS, in dBFS.
    pub rms_dbfs: f64,
    /// The most power below 20 Hz, in dB of the whole.
    pub rumble_db: f64,
    /// How far the treble may stand out of the album's middle, in dB.
    pub sharp_db: f64,
    /// How much louder or sharper than the rest the innermost song may be, in dB.
    pub inner_db: f64,
}

/// The media there are, and the limits.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Records and tapes.
    pub media: Vec<Medium>,
    /// From where on something is said.
    pub limits: Limits,
}

/// Why a text is no such table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the table of sides cannot be read: {message}")]
pub struct TableError {
    /// Which entry, what was expected, what to do.
    pub message: String,
}

impl Table {
    /// The table that ships with the program.
    ///
    /// # Errors
    /// Never, as long as the file in the source is right; a test reads it.
    pub fn built_in() -> Result<Table, TableError> {
        Table::parse(BUILT_IN)
    }

    /// Reads a table in the form of [`BUILT_IN`].
    pub fn parse(text: &str) -> Result<Table, TableError> {
        let error = |message: String| TableError { message };
        let document = Document::parse(text).map_err(|e| error(e.to_string()))?;
        let list = document.get("medium").and_then(Item::as_array_of_tables);
        let list = list.ok_or_else(|| error("expected at least one [[medium]]".into()))?;
        let entry = |(n, table): (usize, &Toml)| medium(table).map_err(|e| error(format!("[[medium]] {}: {e}", n + 1)));
        let media = list.iter().enumerate().map(entry).collect::<Result<Vec<_>, _>>()?;
        let table = document.get("limits").and_then(Item::as_table);
        let table = table.ok_or_else(|| error("expected [limits]".into()))?;
        let limit =
            |key: &str, low: f64, high: f64| number(table, key, low, high).map_err(|e| error(format!("[limits]: {e}")));
        let limits = Limits {
            mono_below_hz: limit("mono_below_hz", 20.0, 1000.0)?,
            low_width_db: limit("low_width_db", -100.0, 20.0)?,
            correlation: limit("correlation", -1.0, 1.0)?,
            rms_dbfs: limit("rms_dbfs", -60.0, 3.0)?,
            rumble_db: limit("rumble_db", -120.0, 0.0)?,
            sharp_db: limit("sharp_db", 0.0, 40.0)?,
            inner_db: limit("inner_db", 0.0, 40.0)?,
        };
        Ok(Table { media, limits })
    }

    /// The medium of that name; the error lists the names there are.
    pub fn medium(&self, name: &str) -> Result<&Medium, TableError> {
        let names = || self.media.iter().map(|m| m.name.as_str());
        self.media.iter().find(|m| m.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
            let guess = nearest(name, names()).map_or(String::new(), |n| format!("; did you mean `{n}`?"));
            let all: Vec<&str> = names().collect();
            TableError { message: format!("there is no medium `{name}`{guess} There are: {}", all.join(", ")) }
        })
    }
}

fn medium(table: &Toml) -> Result<Medium, String> {
    let word = |key: &str| {
        let text = table.get(key).and_then(Item::as_str).map(str::to_owned);
        text.ok_or_else(|| format!("expected `{key}`, a text"))
    };
    let kind = match word("kind")?.as_str() {
        "vinyl" => Kind::Vinyl { inches: number(table, "inches", 5.0, 16.0)?, rpm: number(table, "rpm", 16.0, 80.0)? },
        "cassette" => Kind::Cassette,
        other => return Err(format!("expected `kind` vinyl or cassette, found `{other}`")),
    };
    let good_s = 60.0 * number(table, "good_min", 0.5, 120.0)?;
    let longest_s = 60.0 * number(table, "longest_min", 0.5, 120.0)?;
    if longest_s < good_s {
        return Err("`longest_min` is less than `good_min`".into());
    }
    Ok(Medium { name: word("name")?, kind, good_s, longest_s, source: word("source")?, date: word("date")? })
}

fn number(table: &Toml, key: &str, low: f64, high: f64) -> Result<f64, String> {
    let item = table.get(key);
    let value = item.and_then(|i| i.as_float().or_else(|| i.as_integer().map(|n| n as f64)));
    let fits = value.filter(|v| (low..=high).contains(v));
    fits.ok_or_else(|| format!("expected `{key}`, a number from {low} to {high}"))
}
