//! Stretches of text replaced by others, and back.

use tonmeister_core::Diagnostic;

/// One stretch of the text replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// Its first byte, in the text before the edit.
    pub at: usize,
    /// What stands there.
    pub remove: String,
    /// What will stand there.
    pub insert: String,
}

impl Splice {
    /// The text with all of them replaced at once, and the splices that lead back.
    ///
    /// Refused when they overlap, or what they replace is not what stands there.
    pub(crate) fn apply_all(splices: &[Splice], text: &str) -> Result<(String, Vec<Splice>), Diagnostic> {
        let splices = merged(splices)?;
        let mut out = String::with_capacity(text.len() + 256);
        let mut inverse = Vec::with_capacity(splices.len());
        let mut done = 0;
        for splice in &splices {
            let end = splice.at.saturating_add(splice.remove.len());
            if text.get(splice.at..end) != Some(splice.remove.as_str()) {
                let message = "the document has changed where this edit would change it";
                let refused = Diagnostic::error("edit-outdated", message);
                return Err(refused.help("read the document again and make the edit anew"));
            }
            out.push_str(&text[done..splice.at]);
            inverse.push(Splice { at: out.len(), remove: splice.insert.clone(), insert: splice.remove.clone() });
            out.push_str(&splice.insert);
            done = end;
        }
        out.push_str(&text[done..]);
        Ok((out, inverse))
    }
}

/// In order of place; neighbors that touch become one.
fn merged(splices: &[Splice]) -> Result<Vec<Splice>, Diagnostic> {
    let mut sorted = splices.to_vec();
    // What only inserts goes before what begins at the same byte.
    sorted.sort_by_key(|splice| (splice.at, !splice.remove.is_empty()));
    let mut merged: Vec<Splice> = Vec::with_capacity(sorted.len());
    for splice in sorted {
        match merged.last_mut() {
            // Two keys that leave the same braces both take the comma between them along.
            Some(last) if splice.at < end(last) && last.insert.is_empty() && splice.insert.is_empty() => {
                let shared = end(last) - splice.at;
                last.remove.push_str(splice.remove.get(shared..).unwrap_or_default());
            }
            Some(last) if splice.at < end(last) => {
                let message = "the edit changes one place of the document twice";
                return Err(Diagnostic::error("edit-overlap", message));
            }
            Some(last) if splice.at == end(last) => {
                last.remove.push_str(&splice.remove);
                last.insert.push_str(&splice.insert);
            }
            _ => merged.push(splice),
        }
    }
    Ok(merged)
}

fn end(splice: &Splice) -> usize {
    splice.at.saturating_add(splice.remove.len())
}

#[cfg(test)]
mod tests {
    use super::Splice;

    fn splice(at: usize, remove: &str, insert: &str) -> Splice {
        Splice { at, remove: remove.into(), insert: insert.into() }
    }

    #[test]
    fn the_inverse_leads_back() {
        let text = "one two three";
        let splices = [splice(8, "three", ""), splice(0, "one", "eleven"), splice(4, "", "and ")];
        let (there, inverse) = Splice::apply_all(&splices, text).unwrap();
        assert_eq!(there, "eleven and two ");
        assert_eq!(Splice::apply_all(&inverse, &there).unwrap().0, text);
    }

    #[test]
    fn a_text_that_changed_since_refuses_the_edit() {
        let error = Splice::apply_all(&[splice(4, "two", "2")], "one too").unwrap_err();
        assert_eq!(error.code, "edit-outdated");
        let error = Splice::apply_all(&[splice(0, "one", ""), splice(2, "e", "x")], "one").unwrap_err();
        assert_eq!(error.code, "edit-overlap");
        assert!(Splice::apply_all(&[splice(usize::MAX, "x", "")], "one").is_err());
    }
}
