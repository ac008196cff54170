//! The schema and the reference page follow from the tables and the real rack; what is committed must not drift.
//! `BLESS=1` writes them anew. And the schema agrees with the reader, on documents and on drawn songs.

mod common;

use std::fs;
use std::path::Path;

use common::draw::Draw;
use common::{EVERYTHING, registry};
use serde_json::{Map, Value};
use tonmeister_core::{Note, Registry};
use tonmeister_session::time::{BarBeat, Signature};
use tonmeister_session::{keys, parse, print, reference, schema, tables};

const BEGIN: &str = "<!-- generated from the tables: below -->\n";

fn committed(name: &str, wanted: impl FnOnce(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    let found = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    let wanted = wanted(&found);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, wanted).unwrap();
    } else {
        assert!(found == wanted, "docs/{name} has drifted from the tables; BLESS=1 writes it anew");
    }
}

/// Every effect and every rule.
fn whole() -> Registry {
    tonmeister_dsp::rack().with::<tonmeister_measure::tap::MeterTap>().with_rules(tonmeister_measure::check::specs())
}

#[test]
fn the_committed_schema_is_that_of_the_rack() {
    committed("song.schema.json", |_| serde_json::to_string_pretty(&schema(&whole())).unwrap() + "\n");
}

#[test]
fn the_committed_reference_is_that_of_the_rack() {
    committed("document.md", |found| {
        let (prose, _) = found.split_once(BEGIN).expect("document.md has its mark");
        format!("{prose}{BEGIN}{}", reference(&whole()))
    });
}

#[test]
fn the_committed_pages_of_albums_follow_from_their_tables() {
    let albums = tonmeister_session::album::schema(&whole());
    committed("album.schema.json", |_| serde_json::to_string_pretty(&albums).unwrap() + "\n");
    committed("release.md", |found| {
        let (prose, _) = found.split_once(BEGIN).expect("release.md has its mark");
        format!("{prose}{BEGIN}\n{}", tonmeister_session::album::reference())
    });
}

/// Every example of the chapters is read by the program without a remark.
#[test]
fn the_examples_of_the_chapters_are_valid() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let page = |name: &str| fs::read_to_string(docs.join(name)).unwrap().replace("\r\n", "\n");
    for block in page("release.md").split("```toml\n").skip(1) {
        let example = block.split("```").next().unwrap();
        // Some show a part of an album alone.
        let rest = |table: &str, text| if example.contains(table) { "" } else { text };
        let album = rest("[album]", "[album]\ntitle = \"A\"\nartist = \"B\"\n");
        let song = rest("[[song]]", "[[song]]\naudio = \"a.wav\"\ntitle = \"A\"\n");
        let found = tonmeister_session::album::parse(&format!("{album}{song}{example}"), &whole());
        assert!(found.as_ref().is_ok_and(|album| album.warnings().is_empty()), "{found:?} of {example}");
    }
    // The versions and stems of the chapter are of a song that has those strips.
    let song = "[song]\nsample_rate_hz = 48000\n[[track]]\nid = \"vocal\"\naudio = \"v.wav\"\noutput = \"vocals\"\n[[track]]\nid = \"backing-low\"\naudio = \"a.wav\"\noutput = \"vocals\"\n[[track]]\nid = \"backing-high\"\n\
                audio = \"b.wav\"\noutput = \"vocals\"\n[[bus]]\nid = \"vocals\"\n[[bus]]\nid = \"band\"\n";
    for block in page("desk.md").split("```toml\n").skip(1) {
        let example = block.split("```").next().unwrap();
        let found = parse(&format!("{song}{example}"), &whole()).map(|document| {
            let song = document.song();
            let lanes = song.buses.iter().map(|bus| bus.strip.automation.len()).sum::<usize>()
                + song.tracks.iter().map(|track| track.strip.automation.len()).sum::<usize>();
            song.versions.len() + song.stems.len() + lanes
        });
        assert!(found.as_ref().is_ok_and(|named| *named > 0), "{found:?} of {example}");
    }
}

#[test]
fn the_examples_of_the_reference_page_are_valid() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/document.md");
    let page = fs::read_to_string(page).unwrap().replace("\r\n", "\n");
    let mut examples = 0;
    for block in page.split("```toml\n").skip(1) {
        let example = block.split("```").next().unwrap();
        let found = parse(example, &registry()).map(|document| document.warnings().to_vec());
        assert_eq!(found, Ok(Vec::new()), "{example}");
        examples += 1;
    }
    assert!(examples > 0);
}

#[test]
fn no_effect_takes_the_words_of_the_document() {
    for effect in whole().specs().chain(registry().specs()) {
        let own: Vec<&str> = effect
            .params
            .iter()
            .map(|p| p.id)
            .chain(effect.groups.iter().map(|group| group.id))
            .chain(effect.files.iter().map(|file| file.id))
            .collect();
        for (place, id) in own.iter().enumerate() {
            assert!(keys::INSERT.iter().all(|key| key.id != *id), "{}: `{id}` is a key of every insert", effect.id);
            assert!(!own[..place].contains(id), "{}: `{id}` is there twice", effect.id);
        }
        assert!(tables::STRIP.iter().all(|spec| spec.id != effect.id), "`{}` is a key of a strip", effect.id);
        assert!(effect.id != "send" && effect.id != "clip", "`{}` is part of addresses", effect.id);
    }
}

/// What this text is as JSON.
fn json(text: &str) -> Value {
    fn item(node: &toml_edit::Item) -> Value {
        match node {
            toml_edit::Item::None => Value::Null,
            toml_edit::Item::Value(v) => value(v),
            toml_edit::Item::Table(table) => table.iter().map(|(key, i)| (key.to_owned(), item(i))).collect(),
            toml_edit::Item::ArrayOfTables(tables) => {
                tables.iter().map(|t| t.iter().map(|(key, i)| (key.to_owned(), item(i))).collect::<Value>()).collect()
            }
        }
    }
    fn value(v: &toml_edit::Value) -> Value {
        match v {
            toml_edit::Value::String(s) => s.value().as_str().into(),
            toml_edit::Value::Integer(n) => (*n.value()).into(),
            toml_edit::Value::Float(n) => (*n.value()).into(),
            toml_edit::Value::Boolean(b) => (*b.value()).into(),
            toml_edit::Value::Datetime(time) => serde_json::json!({ "time": time.to_string() }),
            toml_edit::Value::Array(items) => items.iter().map(value).collect(),
            toml_edit::Value::InlineTable(table) => table.iter().map(|(key, v)| (key.to_owned(), value(v))).collect(),
        }
    }
    let document: toml_edit::Document<String> = text.parse().unwrap();
    document.iter().map(|(key, i)| (key.to_owned(), item(i))).collect()
}

/// The keywords that the schema uses, checked as the standard (JSON Schema 2020-12) says.
fn fits(schema: &Value, root: &Value, value: &Value) -> bool {
    let Some(schema) = schema.as_object() else { return schema == &Value::Bool(true) };
    schema.iter().all(|(keyword, wanted)| match keyword.as_str() {
        "$schema" | "$defs" | "title" | "description" | "default" => true,
        "$ref" => fits(root.pointer(&wanted.as_str().unwrap()[1..]).unwrap(), root, value),
        "type" => match wanted {
            Value::Array(all) => all.iter().any(|name| is(name, value)),
            name => is(name, value),
        },
        "enum" => wanted.as_array().unwrap().iter().any(|one| same(one, value)),
        "const" => same(wanted, value),
        "minimum" => value.as_f64().is_none_or(|v| v >= wanted.as_f64().unwrap()),
        "maximum" => value.as_f64().is_none_or(|v| v <= wanted.as_f64().unwrap()),
        "minLength" => value.as_str().is_none_or(|v| v.chars().count() >= wanted.as_u64().unwrap() as usize),
        "maxLength" => value.as_str().is_none_or(|v| v.chars().count() <= wanted.as_u64().unwrap() as usize),
        "pattern" => {
            let reads: fn(&str) -> bool = match wanted.as_str().unwrap() {
                "^[A-Za-z0-9_-]+$" => |v| {
                    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
                    !v.is_empty() && v.chars().all(legal)
                },
                "^([1-9]|[1-5][0-9]|6[0-4])/(1|2|4|8|16|32|64|128)[.dt]?$" => |v| v.parse::<Note>().is_ok(),
                "^[1-9][0-9]{0,5}\\|[1-9][0-9]{0,2}(\\|(0|[1-9][0-9]{0,3}))?$" => |v| v.parse::<BarBeat>().is_ok(),
                "^[1-9][0-9]{0,2}/(1|2|4|8|16|32|64)$" => |v| v.parse::<Signature>().is_ok(),
                other => panic!("the schema uses the pattern `{other}`, which this check does not know"),
            };
            value.as_str().is_none_or(reads)
        }
        "maxProperties" => value.as_object().is_none_or(|v| v.len() <= wanted.as_u64().unwrap() as usize),
        "minItems" => value.as_array().is_none_or(|v| v.len() >= wanted.as_u64().unwrap() as usize),
        "maxItems" => value.as_array().is_none_or(|v| v.len() <= wanted.as_u64().unwrap() as usize),
        "items" => value.as_array().is_none_or(|v| v.iter().all(|item| fits(wanted, root, item))),
        "prefixItems" => value
            .as_array()
            .is_none_or(|v| v.iter().zip(wanted.as_array().unwrap()).all(|(item, schema)| fits(schema, root, item))),
        "required" => value
            .as_object()
            .is_none_or(|v| wanted.as_array().unwrap().iter().all(|key| v.contains_key(key.as_str().unwrap()))),
        "properties" => value.as_object().is_none_or(|v| properties(wanted.as_object().unwrap(), root, v)),
        "additionalProperties" if wanted.is_object() => {
            value.as_object().is_none_or(|v| v.values().all(|item| fits(wanted, root, item)))
        }
        "additionalProperties" => {
            assert_eq!(wanted, &Value::Bool(false));
            let known = schema["properties"].as_object().unwrap();
            value.as_object().is_none_or(|v| v.keys().all(|key| known.contains_key(key)))
        }
        "anyOf" => wanted.as_array().unwrap().iter().any(|one| fits(one, root, value)),
        "oneOf" => wanted.as_array().unwrap().iter().filter(|one| fits(one, root, value)).count() == 1,
        other => panic!("the schema uses `{other}`, which this check does not know"),
    })
}

fn properties(schemas: &Map<String, Value>, root: &Value, value: &Map<String, Value>) -> bool {
    value.iter().all(|(key, v)| schemas.get(key).is_none_or(|schema| fits(schema, root, v)))
}

fn is(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|v| v.fract() == 0.0),
        other => panic!("type {other}"),
    }
}

fn same(a: &Value, b: &Value) -> bool {
    a == b || a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| a == b)
}

fn accepted(text: &str, registry: &Registry) -> bool {
    let schema = schema(registry);
    fits(&schema, &schema, &json(text))
}

#[test]
fn the_schema_accepts_what_the_reader_accepts() {
    for text in [EVERYTHING, include_str!("songs/inline.toml"), include_str!("songs/scattered.toml")] {
        assert!(parse(text, &registry()).is_ok() && accepted(text, &registry()));
    }
    for seed in 0..200u64 {
        let bytes = noise(seed);
        for registry in [registry(), whole()] {
            let song = Draw(&bytes).song(&registry);
            let text = print(&song);
            assert_eq!(parse(&text, &registry).map(|document| document.song().clone()), Ok(song), "{text}");
            assert!(accepted(&text, &registry), "{text}");
        }
    }
}

/// Bytes without order.
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 1;
    (0..800)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect()
}

#[test]
fn the_schema_refuses_wrong_keys_types_and_ranges() {
    let seen_by_schema = [
        "unknown-key",
        "wrong-type",
        "out-of-range",
        "unknown-choice",
        "missing-key",
        "illegal-id",
        "unknown-effect",
        "no-side-chain",
        "points",
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let mut refused = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let Err(found) = parse(&text, &registry()) else { continue };
        if found.iter().any(|d| seen_by_schema.contains(&d.code)) && path.extension().is_some_and(|e| e == "toml") {
            assert!(!accepted(&text, &registry()), "{}", path.display());
            refused += 1;
        }
    }
    assert!(refused > 5);
}

/// Each kind of error alone, so that no other error hides a hole in the schema.
#[test]
fn the_schema_refuses_each_error_alone() {
    let track = "[song]\nsample_rate_hz = 48000\n[[track]]\nid = \"a\"\naudio = \"a.wav\"\n";
    let broken = [
        "fadre_db = 1",
        "fader_db = 13",
        "fader_db = \"1\"",
        "mute = 1",
        "polarity = \"up\"",
        "delay_samples = 1.5",
        "check = 3",
        "check = { banana = \"allow\" }",
        "check = { clipped = \"loud\" }",
        "check = { clipped = 3 }",
        "check = { clipped = {} }",
        "check = { clipped = { limit = \"3 tops\" } }",
        "check = { clipped = { level = \"warn\", unit = \"\" } }",
        "check = { polarity-pair = { limit = 0.7 } }",
        "output = 3",
        "output = \"a b\"",
        "clip = [{ audio = \"b.wav\" }]",
        "insert = 3",
        "insert = [{}]",
        "insert = [{ effect = \"reverb\" }]",
        "insert = [{ effect = \"room\" }]",
        "insert = [{ effect = \"room\", ir = 3 }]",
        "insert = [{ effect = \"room\", ir = \"\" }]",
        "insert = [{ effect = \"eq\", channels = \"sides\" }]",
        "insert = [{ effect = \"room\", ir = \"a\", channels = \"side\" }]",
        "insert = [{ effect = \"compressor\", attack_ms = \"1/3\" }]",
        "insert = [{ effect = \"compressor\", ratio = \"1/4\" }]",
        "insert = [{ effect = \"eq\", key = \"a\" }]",
        "insert = [{ effect = \"eq\", bells = {} }]",
        "insert = [{ effect = \"eq\", bells = [{}, {}, {}, {}, {}] }]",
        "insert = [{ effect = \"eq\", highpass = { slope_db_oct = 20 } }]",
        "insert = [{ effect = \"eq\", highpass = [] }]",
        "insert = [{ effect = \"compressor\", bells = [] }]",
        "send = [{ to = \"r\", tap = \"mid\" }]",
        "send = [{ level_db = 0 }]",
        "automation = [{ target = \"pan\", points = [] }]",
        "automation = [{ target = \"pan\", points = [[0]] }]",
        "automation = [{ target = \"pan\", points = [[-1, 0]] }]",
        "automation = [{ target = \"pan\", points = [[0, 0, \"z\"]] }]",
        "automation = [{ target = \"pan\" }]",
        "automation = [{ target = \"pan\", points = [[\"1.1\", 0]] }]",
        "automation = [{ target = \"pan\", points = [[0, 0, { bend = 11 }]] }]",
        "automation = [{ target = \"pan\", points = [[0, 0, { bezier = [0, 0, 1] }]] }]",
        "automation = [{ target = \"pan\", points = [[0, 0, { bezier = [0, 0, 1, 2] }]] }]",
        "automation = [{ target = \"pan\", points = [[0, 0, {}]] }]",
        "automation = [{ target = \"pan\", lfo = [] }]",
        "automation = [{ target = \"pan\", lfo = [{ rate_hz = 1 }] }]",
        "automation = [{ target = \"pan\", lfo = [{ rate_hz = 21, depth = 1 }] }]",
        "automation = [{ target = \"pan\", lfo = [{ rate_hz = \"1/3\", depth = 1 }] }]",
        "automation = [{ target = \"pan\", lfo = [{ rate_hz = 1, depth = 1, shape = \"saw\" }] }]",
    ];
    let clip = |keys: &str| {
        format!("[song]\nsample_rate_hz = 48000\n[[track]]\nid = \"a\"\nclip = [{{ audio = \"a\", {keys} }}]\n")
    };
    let head = |table: &str| format!("{table}\n{track}");
    let clips = [
        "loop_count = 1",
        "loop_count = 2.5",
        "loop_length_s = 0",
        "reverse = 1",
        "start_s = \"1\"",
        "start_s = -1",
        "fade_in_shape = \"round\"",
        "crossfade_shape = \"s\"",
        "gain_points = []",
        "window = 3",
        "window = { to_s = 3 }",
        "mute = 1",
    ];
    let heads = [
        "tempo = [{ at = 3 }]",
        "tempo = [{ at = 3, bpm = 9 }]",
        "tempo = [{ at = \"3.1\", bpm = 90 }]",
        "meter = [{ bar = 0, signature = \"3/4\" }]",
        "meter = [{ bar = 1, signature = \"3/5\" }]",
        "marker = [{ id = \"m\" }]",
        "marker = [{ id = \"m m\", at = 3 }]",
        "range = [{ id = \"r\", from = 3 }]",
    ];
    assert!(accepted(track, &registry()));
    let tracks = broken.iter().map(|line| format!("{track}{line}\n"));
    for text in tracks.chain(clips.iter().map(|keys| clip(keys))).chain(heads.iter().map(|table| head(table))) {
        let line = &text;
        assert!(parse(line, &registry()).is_err(), "{line}");
        assert!(!accepted(line, &registry()), "{line}");
    }
}
