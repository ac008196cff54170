//! Names: ids and titles made from what files and folders are called, and the order a person expects.

use std::cmp::Ordering;
use std::collections::BTreeSet;

/// The longest id that the document takes.
const LONGEST: usize = 64;

/// What means something else where an id stands.
const TAKEN: &[&str] = &["master"];

/// Gives out ids that a document takes, each once.
#[derive(Debug, Default)]
pub(super) struct Ids {
    given: BTreeSet<String>,
}

impl Ids {
    /// An id like the name: `01_Kick In` becomes `kick-in`, a second one `kick-in-2`. A name without any letter or
    /// digit of the Latin script becomes `otherwise`.
    pub(super) fn give(&mut self, name: &str, otherwise: &str) -> String {
        let mut wish = slug(without_number(name));
        if wish.is_empty() {
            wish = slug(name);
        }
        if wish.is_empty() {
            wish = otherwise.into();
        }
        let numbered = |n: usize| {
            let tail = format!("-{n}");
            let room = LONGEST - tail.len();
            format!("{}{tail}", wish[..wish.len().min(room)].trim_end_matches(['-', '_']))
        };
        let wishes = std::iter::once(wish.clone()).chain((2..).map(numbered));
        let id = wishes.into_iter().find(|id| self.is_free(id)).expect("numbers do not end");
        self.given.insert(id.clone());
        id
    }

    /// Whether nobody has this id.
    pub(super) fn is_free(&self, id: &str) -> bool {
        !self.given.contains(id) && !TAKEN.contains(&id)
    }
}

/// Without a track number in front: `01_kick`, `2. Bass`; but an 808 stays one.
fn without_number(name: &str) -> &str {
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    let rest = name[digits..].trim_start_matches([' ', '_', '-', '.']);
    let separated = rest.len() < name.len() - digits;
    if (1..=2).contains(&digits) && separated && rest.starts_with(char::is_alphabetic) { rest } else { name }
}

/// Lower-case ASCII letters, digits, `_` and single `-`, at most [`LONGEST`].
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        match plain(c) {
            Some(letters) => slug.push_str(letters),
            None if c.is_ascii_alphanumeric() || (c == '_' && !slug.is_empty()) => slug.push(c),
            None if !slug.is_empty() && !slug.ends_with(['-', '_']) => slug.push('-'),
            None => {}
        }
    }
    slug.truncate(LONGEST);
    slug.truncate(slug.trim_end_matches(['-', '_']).len());
    slug
}

/// The plain Latin letters that stand for an accented one.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ą' => "a",
        'ä' | 'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => "e",
        'ì' | 'í' | 'î' | 'ï' | 'ī' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' | 'ō' => "o",
        'ö' | 'œ' => "oe",
        'ř' => "r",
        'ś' | 'š' => "s",
        'ß' => "ss",
        'ù' | 'ú' | 'û' | 'ū' | 'ů' => "u",
        'ü' => "ue",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

/// A song's title from a folder's name: `night_drive-stems` is "Night Drive".
pub(super) fn title(folder: &str) -> String {
    let mut words: Vec<&str> = folder.split(['_', '-', ' ']).filter(|word| !word.is_empty()).collect();
    while words.len() > 1 && words.last().is_some_and(|word| is_container(word)) {
        words.pop();
    }
    let shouts_nowhere = words.iter().all(|word| !word.contains(char::is_uppercase));
    let dressed = words.iter().map(|word| if shouts_nowhere { capitalized(word) } else { (*word).into() });
    dressed.collect::<Vec<String>>().join(" ")
}

/// Whether a folder's name says only what kind of thing lies in it.
pub(super) fn is_container(folder: &str) -> bool {
    let names =
        ["stems", "stem", "audio", "tracks", "multitrack", "multitracks", "wav", "wavs", "raw", "files", "bounces"];
    names.contains(&folder.to_lowercase().as_str())
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The order a person expects: letters without regard to case, numbers by their size (`tom 2` before `tom 10`).
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (left, right) = (runs(a), runs(b));
    for (x, y) in left.iter().zip(&right) {
        let order = match (number(x), number(y)) {
            (Some(x), Some(y)) => (x.len(), x).cmp(&(y.len(), y)),
            _ => x.cmp(y),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// Stretches of digits and of other characters, in lower case.
fn runs(name: &str) -> Vec<String> {
    let mut runs: Vec<String> = Vec::new();
    let mut last = None;
    for c in name.chars() {
        let digit = c.is_ascii_digit();
        if last != Some(digit) {
            runs.push(String::new());
        }
        runs.last_mut().expect("one was pushed").extend(c.to_lowercase());
        last = Some(digit);
    }
    runs
}

/// The digits of a number without leading zeros, so that numbers of any length compare.
fn number(run: &str) -> Option<&str> {
    run.starts_with(|c: char| c.is_ascii_digit()).then(|| run.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_from_names_and_are_unique() {
        let mut ids = Ids::default();
        let names =
            ["01_Kick In", "Kick In", "kick-in", "808 Kick", "Gitarre Süd", "ドラム", "歌", "Master", "  __x__ ", "7"];
        let given: Vec<String> = names.iter().map(|name| ids.give(name, "track")).collect();
        let expected =
            ["kick-in", "kick-in-2", "kick-in-3", "808-kick", "gitarre-sued", "track", "track-2", "master-2", "x", "7"];
        assert_eq!(given, expected);
        let long = "a".repeat(200);
        let (first, second) = (ids.give(&long, "track"), ids.give(&long, "track"));
        assert!(first.len() == 64 && second.len() == 64 && first != second);
    }

    #[test]
    fn numbers_sort_by_their_size() {
        let mut names = vec!["tom 10", "Tom 2", "tom", "snare", "tom 02", "bv10b", "bv9", "bv10a"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["bv9", "bv10a", "bv10b", "snare", "tom", "Tom 2", "tom 02", "tom 10"]);
    }

    #[test]
    fn titles_are_what_a_person_would_write() {
        assert_eq!(title("night_drive-stems"), "Night Drive");
        assert_eq!(title("McCoy_Blues"), "McCoy Blues");
        assert_eq!(title("stems"), "Stems");
        assert!(is_container("Multitracks") && !is_container("night"));
    }
}
