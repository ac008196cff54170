//! A JSON Schema of the document, for editors that complete and check while one types.
//!
//! It knows keys, types, ranges and words. What concerns several places at once (ids that exist, routes that end,
//! times that rise, addresses) only [`crate::parse`] knows.

use serde_json::{Map, Value, json};
use tonmeister_core::{EffectSpec, GroupSpec, ParamKind, ParamSpec, Registry, RuleSpec};

use crate::keys::{
    BUS, CLIP, CURVES, DOCUMENT, FOLLOW, INSERT, Key, LANE, LEVEL, LFO, LIMIT, LINK, LINKS, MARKER, MAX_BUSES,
    MAX_CLIPS, MAX_ID, MAX_INSERTS, MAX_LANES, MAX_LFOS, MAX_LINKS, MAX_MARKERS, MAX_POINTS, MAX_SCENE_SETTINGS,
    MAX_SCENES, MAX_SECONDS, MAX_SENDS, MAX_STEMS, MAX_TEMPOS, MAX_TRACKS, MAX_VCAS, MAX_VERSIONS, METER, RANGE, ROUTE,
    SCENE, SEND, SONG, STEM, STRIP, Sort, TEMPO_CHANGE, TRACK, Takes, VCA, VERSION, WINDOW,
};
use crate::model::{Channels, Curve};
use crate::tables;

/// The schema (draft 2020-12) of a document that may name the registry's effects.
pub fn schema(registry: &Registry) -> Value {
    let mut definitions = Map::new();
    let strip = || tables::STRIP.iter();
    let master = || strip().filter(|spec| !tables::NOT_ON_MASTER.contains(&spec.id));
    definitions.insert("song".into(), table(SONG, &[]));
    definitions.insert("track".into(), one_audio(table(&[TRACK, ROUTE, STRIP].concat(), &strip().collect::<Vec<_>>())));
    definitions.insert("bus".into(), table(&[BUS, ROUTE, STRIP].concat(), &strip().collect::<Vec<_>>()));
    definitions.insert("master".into(), table(STRIP, &master().collect::<Vec<_>>()));
    let vca: Vec<&ParamSpec> = strip().filter(|spec| tables::ON_VCA.contains(&spec.id)).collect();
    definitions.insert("vca".into(), table(VCA, &vca));
    definitions.insert("link".into(), table(LINK, &[]));
    definitions.insert("stem".into(), table(STEM, &[]));
    definitions.insert("scene".into(), table(SCENE, &[]));
    definitions.insert("version".into(), table(VERSION, &[]));
    definitions.insert("clip".into(), table(CLIP, &[]));
    definitions.insert("send".into(), table(SEND, &tables::SEND.iter().collect::<Vec<_>>()));
    definitions.insert("automation".into(), lane(true));
    definitions.insert("lfo".into(), table(LFO, &[]));
    definitions.insert("follow".into(), table(FOLLOW, &[]));
    definitions.insert("window".into(), table(WINDOW, &[]));
    definitions.insert("tempo".into(), table(TEMPO_CHANGE, &[]));
    definitions.insert("meter".into(), table(METER, &[]));
    definitions.insert("marker".into(), table(MARKER, &[]));
    definitions.insert("range".into(), table(RANGE, &[]));
    definitions.insert("point".into(), point());
    definitions.insert("id".into(), json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": MAX_ID }));
    definitions.insert("check".into(), rules(registry, |_| true));
    definitions.insert("track-check".into(), rules(registry, |rule| !rule.together));
    inserts(&mut definitions, registry);
    let mut root = table(DOCUMENT, &[]);
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("A Tonmeister song");
    root["$defs"] = Value::Object(definitions);
    root
}

/// Every effect's insert, and the choice among them.
pub(crate) fn inserts(definitions: &mut Map<String, Value>, registry: &Registry) {
    let mut any: Vec<Value> = Vec::new();
    for effect in registry.specs() {
        let name = format!("insert-{}", effect.id);
        any.push(json!({ "$ref": format!("#/$defs/{name}") }));
        definitions.insert(name, insert(effect));
    }
    let effects: Vec<&str> = registry.specs().map(|effect| effect.id).collect();
    definitions.insert(
        "insert".into(),
        json!({
            "type": "object",
            "required": ["effect"],
            "properties": { "effect": { "enum": effects } },
            "oneOf": any,
        }),
    );
}

/// A table of keys and parameters, and nothing else.
pub(crate) fn table(keys: &[Key], params: &[&ParamSpec]) -> Value {
    let mut properties = Map::new();
    for key in keys {
        properties.insert(key.id.into(), key_schema(key));
    }
    for spec in params {
        properties.insert(spec.id.into(), with_default(timed(spec), spec));
    }
    let required: Vec<&str> = keys.iter().filter(|key| key.required).map(|key| key.id).collect();
    json!({ "type": "object", "required": required, "properties": properties, "additionalProperties": false })
}

fn key_schema(key: &Key) -> Value {
    let mut schema = match key.takes {
        Takes::Text | Takes::Effect | Takes::Address | Takes::Form(_) => json!({ "type": "string" }),
        Takes::Path | Takes::File => json!({ "type": "string", "minLength": 1 }),
        Takes::Id | Takes::Destination | Takes::Bus | Takes::Strip | Takes::Version => json!({ "$ref": "#/$defs/id" }),
        Takes::Strips | Takes::Ranges => json!({ "type": "array", "items": { "$ref": "#/$defs/id" } }),
        Takes::Links => json!({ "type": "array", "items": param(&LINKS) }),
        Takes::Settings => json!({
            "type": "object",
            "maxProperties": MAX_SCENE_SETTINGS,
            "additionalProperties": { "type": ["number", "boolean", "string"] },
        }),
        Takes::Points => json!({
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_POINTS,
            "items": { "$ref": "#/$defs/point" },
        }),
        Takes::Value => json!({ "type": "number" }),
        Takes::Signature => json!({ "type": "string", "pattern": SIGNATURE }),
        Takes::Place(spec) => place(spec),
        Takes::Timed(spec) => timed(spec),
        Takes::Param(spec) => param(spec),
        Takes::Inserts | Takes::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Takes::Rules => json!({ "$ref": "#/$defs/check" }),
        Takes::TrackRules => json!({ "$ref": "#/$defs/track-check" }),
        Takes::Table(sort) => json!({ "$ref": format!("#/$defs/{}", name(sort)) }),
        Takes::Tables(sort) => json!({
            "type": "array",
            "maxItems": most(sort),
            "items": { "$ref": format!("#/$defs/{}", name(sort)) },
        }),
    };
    schema["description"] = json!(key.doc);
    schema
}

fn name(sort: Sort) -> &'static str {
    match sort {
        Sort::Song => "song",
        Sort::Track => "track",
        Sort::Bus => "bus",
        Sort::Master => "master",
        Sort::Clip => "clip",
        Sort::Insert => "insert",
        Sort::Send => "send",
        Sort::Lane => "automation",
        Sort::Album => "album",
        Sort::Chain => "chain",
        Sort::AlbumSong => "album-song",
        Sort::Deliver => "deliver",
        Sort::Cd => "cd",
        Sort::Vinyl => "vinyl",
        Sort::Cassette => "cassette",
        Sort::Vca => "vca",
        Sort::Link => "link",
        Sort::Stem => "stem",
        Sort::Scene => "scene",
        Sort::Version => "version",
        Sort::Tempo => "tempo",
        Sort::Meter => "meter",
        Sort::Marker => "marker",
        Sort::Range => "range",
        Sort::Window => "window",
        Sort::Lfo => "lfo",
        Sort::Follow => "follow",
    }
}

fn most(sort: Sort) -> usize {
    match sort {
        Sort::Song
        | Sort::Master
        | Sort::Album
        | Sort::Chain
        | Sort::Cd
        | Sort::Vinyl
        | Sort::Cassette
        | Sort::Follow
        | Sort::Window => 1,
        Sort::Tempo | Sort::Meter => MAX_TEMPOS,
        Sort::Marker | Sort::Range => MAX_MARKERS,
        Sort::Lfo => MAX_LFOS,
        Sort::Track => MAX_TRACKS,
        Sort::Bus => MAX_BUSES,
        Sort::Clip => MAX_CLIPS,
        Sort::Insert => MAX_INSERTS,
        Sort::Send => MAX_SENDS,
        Sort::Lane => MAX_LANES,
        Sort::AlbumSong => crate::album::keys::MAX_SONGS,
        Sort::Deliver => crate::album::keys::MAX_DELIVER,
        Sort::Vca => MAX_VCAS,
        Sort::Link => MAX_LINKS,
        Sort::Stem => MAX_STEMS,
        Sort::Scene => MAX_SCENES,
        Sort::Version => MAX_VERSIONS,
    }
}

fn param(spec: &ParamSpec) -> Value {
    let mut schema = match spec.kind {
        ParamKind::Number { min, max, .. } => json!({ "type": "number", "minimum": min, "maximum": max }),
        ParamKind::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        ParamKind::Steps(steps) => json!({ "enum": steps }),
        ParamKind::Switch => json!({ "type": "boolean" }),
        ParamKind::Choice(choices) => json!({ "enum": choices.iter().map(|c| c.id).collect::<Vec<_>>() }),
    };
    schema["title"] = json!(spec.name);
    schema["description"] = json!(described(spec));
    schema
}

/// A parameter of an effect: a number, or a note where that has a meaning.
fn timed(spec: &ParamSpec) -> Value {
    let mut schema = param(spec);
    if spec.takes_notes()
        && let Some(all) = schema.as_object_mut()
    {
        let number: Map<String, Value> =
            ["type", "minimum", "maximum"].iter().filter_map(|key| all.shift_remove_entry(*key)).collect();
        all.insert("anyOf".into(), json!([number, { "type": "string", "pattern": NOTE }]));
    }
    schema
}

/// A time on the timeline: seconds, or a bar and beat.
fn place(spec: &ParamSpec) -> Value {
    let mut schema = param(spec);
    if let Some(all) = schema.as_object_mut() {
        let number: Map<String, Value> =
            ["type", "minimum", "maximum"].iter().filter_map(|key| all.shift_remove_entry(*key)).collect();
        all.insert("anyOf".into(), json!([number, { "type": "string", "pattern": PLACE }]));
    }
    schema
}

/// What [`crate::time::BarBeat`] reads.
const PLACE: &str = r"^[1-9][0-9]{0,5}\|[1-9][0-9]{0,2}(\|(0|[1-9][0-9]{0,3}))?$";
/// What [`crate::time::Signature`] reads.
const SIGNATURE: &str = "^[1-9][0-9]{0,2}/(1|2|4|8|16|32|64)$";
/// What [`tonmeister_core::Note`] reads.
const NOTE: &str = "^([1-9]|[1-5][0-9]|6[0-4])/(1|2|4|8|16|32|64|128)[.dt]?$";

fn described(spec: &ParamSpec) -> String {
    let ParamKind::Choice(choices) = spec.kind else { return spec.doc.into() };
    let words: Vec<String> = choices.iter().map(|choice| format!("{}: {}", choice.id, choice.doc)).collect();
    format!("{} {}.", spec.doc, words.join("; "))
}

fn with_default(mut schema: Value, spec: &ParamSpec) -> Value {
    schema["default"] = match spec.kind {
        ParamKind::Switch => json!(spec.default != 0.0),
        ParamKind::Choice(choices) => json!(choices.get(spec.default as usize).map(|choice| choice.id)),
        ParamKind::Integer { .. } => json!(spec.default as i64),
        ParamKind::Number { .. } | ParamKind::Steps(_) => json!(spec.default),
    };
    schema
}

/// Every rule: its level, or level and limit.
fn rules(registry: &Registry, has_limit: impl Fn(&RuleSpec) -> bool) -> Value {
    let mut properties = Map::new();
    for rule in registry.rules() {
        let mut keys = Map::new();
        keys.insert(LEVEL.id.into(), param(&LEVEL));
        if has_limit(rule) {
            let mut limit = param(&LIMIT);
            limit["default"] = json!(rule.limit);
            if !rule.unit.is_empty() {
                limit["description"] = json!(format!("From where on it counts, in {}.", rule.unit));
            }
            keys.insert(LIMIT.id.into(), limit);
        }
        let any: Vec<Value> = keys.keys().map(|key| json!({ "required": [key] })).collect();
        let table = json!({ "type": "object", "properties": keys, "anyOf": any, "additionalProperties": false });
        let mut level = param(&LEVEL);
        level["default"] = json!(rule.level.word());
        let schema = json!({ "title": rule.title, "description": rule.doc, "anyOf": [level, table] });
        properties.insert(rule.id.into(), schema);
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// A track has its audio in exactly one way.
fn one_audio(mut track: Value) -> Value {
    track["oneOf"] = json!([{ "required": ["audio"] }, { "required": ["clip"] }]);
    track["properties"]["clip"]["minItems"] = json!(1);
    track
}

/// A lane has points, or something that swings around the written value, or, where there are other strips, a level to
/// follow.
pub(crate) fn lane(follows: bool) -> Value {
    let keys = if follows { LANE } else { &LANE[..3] };
    let mut lane = table(keys, &[]);
    let any: Vec<Value> = keys[1..].iter().map(|key| json!({ "required": [key.id] })).collect();
    lane["anyOf"] = json!(any);
    lane["properties"]["lfo"]["minItems"] = json!(1);
    lane
}

pub(crate) fn point() -> Value {
    let words: Vec<&str> = CURVES.iter().map(|curve| curve.id).collect();
    let bend = json!({ "type": "number", "minimum": -Curve::MAX_BEND, "maximum": Curve::MAX_BEND });
    let handle = json!({ "type": "number", "minimum": 0.0, "maximum": 1.0 });
    let bezier = json!({ "type": "array", "minItems": 4, "maxItems": 4, "items": handle });
    let drawn = |key: &str, value: Value| json!({ "type": "object", "required": [key], "properties": { key: value }, "additionalProperties": false });
    json!({
        "type": "array",
        "minItems": 2,
        "maxItems": 3,
        "prefixItems": [
            {
                "anyOf": [
                    { "type": "number", "minimum": 0.0, "maximum": MAX_SECONDS },
                    { "type": "string", "pattern": PLACE },
                ],
                "description": "seconds, or a bar and beat",
            },
            { "type": ["number", "boolean", "string"], "description": "the value" },
            {
                "anyOf": [{ "enum": words }, drawn("bend", bend), drawn("bezier", bezier)],
                "description": "how the value travels to this point",
            },
        ],
    })
}

fn insert(effect: &EffectSpec) -> Value {
    let mut schema = table(INSERT, &effect.params.iter().collect::<Vec<_>>());
    schema["title"] = json!(effect.name);
    schema["description"] = json!(effect.summary);
    schema["properties"]["effect"] = json!({ "const": effect.id, "description": effect.summary });
    for file in effect.files {
        schema["properties"][file.id] =
            json!({ "type": "string", "minLength": 1, "title": file.name, "description": file.doc });
        if let Some(required) = schema["required"].as_array_mut().filter(|_| file.required) {
            required.push(json!(file.id));
        }
    }
    for group in effect.groups {
        schema["properties"][group.id] = group_schema(group);
    }
    if let Some(properties) = schema["properties"].as_object_mut() {
        if !effect.takes_key() {
            properties.shift_remove("key");
        }
        if effect.stereo_only {
            properties["channels"]["enum"] = json!([Channels::Stereo.word()]);
        }
    }
    schema
}

fn group_schema(group: &GroupSpec) -> Value {
    let item = table(&[], &group.params.iter().collect::<Vec<_>>());
    let mut schema = if group.many() { json!({ "type": "array", "maxItems": group.max, "items": item }) } else { item };
    schema["title"] = json!(group.name);
    schema["description"] = json!(group.doc);
    schema
}
