//! A check as SARIF 2.1.0 (OASIS, 2020), the format in which editors and code hosts collect findings.
//!
//! A finding about audio has the file as its location and the time in its message and properties; when a document
//! names the file, the line that does so is a related location. A finding about a document has its lines and columns.
//! What a document answers is there as suppressed.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tonmeister_core::{Level, Severity};
use tonmeister_measure::check::Finding as AudioFinding;
use tonmeister_measure::check::rules::{RULES, Rule};

use super::{CheckReport, FileReport, Player};
use crate::failure::{Failure, Finding, Place};
use crate::output::refuse_to_replace;
use crate::text_file::{self, Existing};
use crate::world::plain;

/// Where the schema stands.
pub const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The report as one SARIF log with one run. `exit_code` is what the process ends with.
pub fn sarif(report: &CheckReport, exit_code: u8) -> Value {
    let mut log = Log::default();
    for file in &report.files {
        log.file(file);
    }
    for (finding, by) in report.together.iter().map(|f| (f, None)).chain(answered(&report.answered)) {
        log.together(finding, by, &report.files);
    }
    for finding in &report.document {
        log.place(finding);
    }
    let Log { results, artifacts, codes, .. } = log;
    let mut descriptors: Vec<Value> = RULES.iter().map(rule).collect();
    descriptors.extend(codes.iter().map(|code| {
        json!({ "id": code, "shortDescription": { "text": format!("What is odd about a file or document: {code}.") } })
    }));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "tonmeister",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": descriptors,
            } },
            "invocations": [{ "executionSuccessful": true, "exitCode": exit_code }],
            "columnKind": "unicodeCodePoints",
            "artifacts": artifacts,
            "results": results,
        }],
    })
}

/// Writes it to a file, whole or not at all. A file that was checked is not replaced.
pub fn write(path: &Path, report: &CheckReport, exit_code: u8) -> Result<(), Failure> {
    let songs = report.files.iter().flat_map(|file| &file.played_by).map(|player| &player.song);
    let sources: Vec<&PathBuf> = report.files.iter().map(|file| &file.path).chain(songs).collect();
    refuse_to_replace(path, &sources)?;
    let text = format!("{:#}\n", sarif(report, exit_code));
    text_file::write(path, &text, Existing::Replace).map_err(|error| Failure::output(path, plain(&error)))
}

fn answered(all: &[super::Answered]) -> impl Iterator<Item = (&AudioFinding, Option<&str>)> {
    all.iter().map(|answered| (&answered.finding, Some(answered.by.as_str())))
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "name": pascal(rule.id),
        "shortDescription": { "text": sentence(rule.title) },
        "fullDescription": { "text": rule.doc },
        "help": {
            "text": format!("{}\n\n{}\n\nRemedy: {}", rule.doc, rule.why, rule.remedy),
            "markdown": crate::rule_pages::page(rule),
        },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": {
            "tags": ["audio", rule.group.name()],
            "limit": rule.limit,
            "unit": rule.unit,
            "level": Level::from(rule.severity).word(),
        },
    })
}

/// `dc-offset` as `DcOffset`.
fn pascal(id: &str) -> String {
    let word = |word: &str| {
        let mut chars = word.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
    };
    id.split('-').map(word).collect()
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let text: String = chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect());
    if text.ends_with('.') { text } else { format!("{text}.") }
}

fn level(severity: Severity) -> &'static str {
    crate::failure::severity_name(severity)
}

/// What is gathered on the way.
#[derive(Default)]
struct Log {
    results: Vec<Value>,
    artifacts: Vec<Value>,
    places: HashMap<String, usize>,
    /// Kinds of findings that are no rules of the check, in order of appearance.
    codes: Vec<String>,
    /// How often a fingerprint occurred.
    prints: HashMap<u64, usize>,
}

impl Log {
    fn file(&mut self, file: &FileReport) {
        let artifact = self.artifact(&file.path, file.stats.as_ref().map(|stats| {
            json!({ "sampleRateHz": stats.sample_rate_hz, "frames": stats.frames, "channels": stats.channels.len() })
        }));
        if let Some(why) = &file.unreadable {
            let index = self.code("unreadable");
            let place = physical(&file.path, artifact, None);
            self.result(
                "unreadable",
                index,
                "error",
                why,
                vec![place],
                key(&["unreadable", &uri(&file.path)]),
                Map::new(),
            );
        }
        for (finding, by) in file.findings.iter().map(|f| (f, None)).chain(answered(&file.answered)) {
            let location = Log::audio(&file.path, finding, artifact);
            self.finding(finding, by, vec![location], &file.played_by, &[&uri(&file.path)]);
        }
        for remark in &file.remarks {
            self.place(remark);
        }
    }

    fn together(&mut self, finding: &AudioFinding, by: Option<&str>, files: &[FileReport]) {
        let named = |name: &str| files.iter().find(|file| file.path.display().to_string() == name);
        let concerned: Vec<&FileReport> = finding.files.iter().filter_map(|name| named(name)).collect();
        let locations = concerned
            .iter()
            .map(|file| {
                let artifact = self.artifact(&file.path, None);
                Log::audio(&file.path, finding, artifact)
            })
            .collect();
        let players: Vec<Player> = concerned.iter().flat_map(|file| file.played_by.clone()).collect();
        let uris: Vec<String> = concerned.iter().map(|file| uri(&file.path)).collect();
        let parts: Vec<&str> = uris.iter().map(String::as_str).collect();
        self.finding(finding, by, locations, &players, &parts);
    }

    /// The file as an artifact, and its place among them.
    fn artifact(&mut self, path: &Path, properties: Option<Value>) -> usize {
        let uri = uri(path);
        if let Some(place) = self.places.get(&uri) {
            return *place;
        }
        let mut artifact = json!({ "location": { "uri": uri }, "roles": ["analysisTarget"] });
        if let Some(properties) = properties {
            artifact["properties"] = properties;
        }
        self.artifacts.push(artifact);
        self.places.insert(uri, self.artifacts.len() - 1);
        self.artifacts.len() - 1
    }

    /// Where a finding is heard.
    fn audio(path: &Path, finding: &AudioFinding, artifact: usize) -> Value {
        let mut location = physical(path, artifact, None);
        let time = finding.at.map(|at| format!("{}–{}", clock(at.from_s), clock(at.to_s)));
        let channel = finding.channel.map(|channel| format!("channel {}", channel + 1));
        let words: Vec<String> = [time, channel].into_iter().flatten().collect();
        if !words.is_empty() {
            location["message"] = json!({ "text": words.join(", ") });
        }
        if let Some(at) = finding.at {
            location["properties"] = json!({ "fromSeconds": at.from_s, "toSeconds": at.to_s });
        }
        location
    }

    fn finding(
        &mut self,
        finding: &AudioFinding,
        by: Option<&str>,
        locations: Vec<Value>,
        players: &[Player],
        parts: &[&str],
    ) {
        let index = RULES.iter().position(|rule| rule.id == finding.rule);
        let index = index.unwrap_or_else(|| self.code(finding.rule));
        let time = finding.at.map_or_else(String::new, |at| format!(" [{}]", clock(at.from_s)));
        let message = format!("{}{time}. Remedy: {}.", finding.message, finding.remedy);
        // The place to a tenth of a second: what was mended elsewhere moves it by less.
        let at = finding.at.map_or_else(String::new, |at| format!("{:.1}", at.from_s));
        let channel = finding.channel.map_or_else(String::new, |channel| channel.to_string());
        let mut all = vec![finding.rule, &at, &channel];
        all.extend(parts);
        let mut properties = Map::new();
        if let Some(at) = finding.at {
            properties.insert("fromSeconds".into(), json!(at.from_s));
            properties.insert("toSeconds".into(), json!(at.to_s));
        }
        if let Some(channel) = finding.channel {
            properties.insert("channel".into(), json!(channel));
        }
        let evidence: Vec<Value> = finding
            .evidence
            .iter()
            .map(|e| json!({ "name": e.name, "value": e.value.is_finite().then_some(e.value), "unit": e.unit }))
            .collect();
        properties.insert("evidence".into(), json!(evidence));
        let severity = level(finding.severity);
        self.result(finding.rule, index, severity, &message, locations, key(&all), properties);
        let Some(result) = self.results.last_mut() else { return };
        let related: Vec<Value> = players
            .iter()
            .filter_map(|player| Some((player, player.place?)))
            .enumerate()
            .map(|(id, (player, place))| {
                json!({
                    "id": id,
                    "message": { "text": format!("the track `{}` plays it", player.track) },
                    "physicalLocation": {
                        "artifactLocation": { "uri": uri(&player.song) },
                        "region": region(place),
                    },
                })
            })
            .collect();
        if !related.is_empty() {
            result["relatedLocations"] = json!(related);
        }
        if let Some(by) = by {
            result["suppressions"] = json!([{
                "kind": "external",
                "status": "accepted",
                "justification": format!("the document answers it: {by}"),
            }]);
        }
    }

    /// A finding about a text, or about a file as a whole.
    fn place(&mut self, finding: &Finding) {
        let index = match RULES.iter().position(|rule| rule.id == finding.code) {
            Some(index) => index,
            None => self.code(finding.code),
        };
        let artifact = self.artifact(&finding.path, None);
        let location = physical(&finding.path, artifact, finding.place);
        let help = finding.help.as_ref().map_or_else(String::new, |help| format!(". Remedy: {help}"));
        let label = finding.label.as_ref().map_or_else(String::new, |label| format!(" ({label})"));
        let message = format!("{}{label}{help}.", finding.message);
        let key = key(&[finding.code, &uri(&finding.path), &finding.message]);
        self.result(finding.code, index, finding.severity, &message, vec![location], key, Map::new());
    }

    /// The place of a kind of finding that is no rule, behind the rules.
    fn code(&mut self, code: &str) -> usize {
        let place = self.codes.iter().position(|known| known == code).unwrap_or_else(|| {
            self.codes.push(code.to_owned());
            self.codes.len() - 1
        });
        RULES.len() + place
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a result")]
    fn result(
        &mut self,
        rule: &str,
        index: usize,
        level: &str,
        message: &str,
        locations: Vec<Value>,
        print: u64,
        properties: Map<String, Value>,
    ) {
        // Two alike in one place are told apart by their order.
        let times = self.prints.entry(print).or_default();
        *times += 1;
        let print = format!("{print:016x}:{times}");
        let mut result = json!({
            "ruleId": rule,
            "ruleIndex": index,
            "kind": "fail",
            "level": level,
            "message": { "text": message },
            "partialFingerprints": { "tonmeisterFinding/v1": print },
        });
        result["locations"] = Value::Array(locations);
        result["properties"] = Value::Object(properties);
        self.results.push(result);
    }
}

fn physical(path: &Path, artifact: usize, place: Option<Place>) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri(path), "index": artifact } });
    if let Some(place) = place {
        physical["region"] = region(place);
    }
    json!({ "physicalLocation": physical })
}

fn region(place: Place) -> Value {
    json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    })
}

/// A path as a URI reference: relative paths stay relative, whatever is no plain letter is escaped.
fn uri(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let mut out = String::with_capacity(text.len() + 8);
    if path.is_absolute() {
        out.push_str(if text.starts_with('/') { "file://" } else { "file:///" });
    }
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(byte as char),
            other => drop(write!(out, "%{other:02X}")),
        }
    }
    out
}

/// `1:02.345`.
fn clock(seconds: f64) -> String {
    let millis = (seconds.max(0.0) * 1000.0).round() as u64;
    format!("{}:{:02}.{:03}", millis / 60_000, millis / 1000 % 60, millis % 1000)
}

/// FNV-1a over the parts, the same everywhere and always.
fn key(parts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in parts.iter().flat_map(|part| part.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris_and_ids_become_names() {
        assert_eq!(uri(Path::new("stems/kick in.wav")), "stems/kick%20in.wav");
        assert_eq!(uri(Path::new("/a/ü.wav")), "file:///a/%C3%BC.wav");
        assert_eq!((pascal("dc-offset"), sentence("a lean")), ("DcOffset".into(), "A lean.".into()));
        assert_eq!(clock(62.3456), "1:02.346");
        assert_ne!(key(&["a", "b"]), key(&["ab", ""]));
    }
}
