//! What went wrong, shown so that it can be mended: the line of the document with a caret under the place, what was
//! expected, and a remedy; or, for scripts, the same as JSON.

use std::path::Path;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;
use tonmeister::{Diagnostic, Failure, Finding, Severity};

use crate::exit::Outcome;
use crate::table::{CARE, FAINT, styled};
use crate::voice::Voice;

/// A failure as scripts read it.
#[derive(Serialize)]
struct Told {
    error: Trouble,
}

#[derive(Serialize)]
struct Trouble {
    /// The kind's name, as [`Failure::kind`] gives it.
    kind: &'static str,
    /// What the process ends with.
    exit_code: u8,
    /// The failure in one sentence.
    message: String,
    /// Of a document: each finding with its line and column.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Finding>,
}

/// Tells why a verb failed.
pub(crate) fn tell(failure: &Failure, voice: &mut Voice) {
    if voice.json() {
        let findings = match failure {
            Failure::Document { path, text, diagnostics } => {
                diagnostics.iter().map(|diagnostic| Finding::new(path, text, diagnostic)).collect()
            }
            Failure::Render { path, text, diagnostic } => vec![Finding::new(path, text, diagnostic)],
            _ => Vec::new(),
        };
        let exit_code = Outcome::of(failure).code();
        let error = Trouble { kind: failure.kind(), exit_code, message: failure.to_string(), findings };
        voice.result(&Told { error }, |_| String::new());
    } else {
        tell_as_text(failure, voice);
    }
}

/// The same on standard error, whether or not results are JSON.
pub(crate) fn tell_as_text(failure: &Failure, voice: &mut Voice) {
    match failure {
        Failure::Document { path, text, diagnostics } => {
            for diagnostic in diagnostics {
                voice.trouble(&shown(path, text, diagnostic));
            }
        }
        Failure::Render { path, text, diagnostic } => voice.trouble(&shown(path, text, diagnostic)),
        other => voice.trouble(&rendered(&[Group::with_title(Level::ERROR.primary_title(other.to_string()))])),
    }
}

/// A diagnostic as text: with the lines of the document when it points into one, else with the file's name.
pub(crate) fn shown(path: &Path, text: &str, diagnostic: &Diagnostic) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let name = path.display().to_string();
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code);
    let group = match diagnostic.span.clone().and_then(|span| within(text, span)) {
        Some(span) => {
            let label = diagnostic.label.as_deref();
            let annotation = AnnotationKind::Primary.span(span).label(label);
            title.element(Snippet::source(text).path(name).annotation(annotation))
        }
        None => title.element(annotate_snippets::Origin::path(name)),
    };
    let group = match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    };
    rendered(&[group])
}

/// The span where the text has it; a place past the text is none.
fn within(text: &str, span: std::ops::Range<usize>) -> Option<std::ops::Range<usize>> {
    let fits = span.start <= span.end && span.end <= text.len();
    (fits && text.is_char_boundary(span.start) && text.is_char_boundary(span.end) && !text.is_empty()).then_some(span)
}

/// Notes and warnings, each with its remedy under it.
pub(crate) fn remarks(notes: &[Finding]) -> String {
    let one = |note: &Finding| {
        let style = if note.severity == "note" { FAINT } else { CARE };
        let help = note.help.as_ref().map_or_else(String::new, |help| format!("\n      {}", styled(FAINT, help)));
        format!("  {} {}{help}\n", styled(style, "•"), note.message)
    };
    let text: String = notes.iter().map(one).collect();
    if text.is_empty() { text } else { format!("\n{text}") }
}

fn rendered(groups: &[Group<'_>]) -> String {
    format!("{}\n\n", Renderer::styled().decor_style(DecorStyle::Unicode).render(groups))
}
