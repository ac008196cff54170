//! A JSON Schema of the album document, for editors that complete and check while one types.

use serde_json::{Map, Value, json};
use tonmeister_core::Registry;

use super::keys::{ALBUM, CASSETTE, CD, CHAIN_TABLE, DELIVER, DOCUMENT, SONG, VINYL};
use crate::keys::{LFO, MAX_ID};
use crate::schema::{inserts, lane, point, table};

/// The schema (draft 2020-12) of an album document that may name the registry's effects.
pub fn schema(registry: &Registry) -> Value {
    let mut definitions = Map::new();
    definitions.insert("album".into(), table(ALBUM, &[]));
    definitions.insert("chain".into(), table(CHAIN_TABLE, &[]));
    let mut song = table(SONG, &[]);
    song["oneOf"] = json!([{ "required": ["audio"] }, { "required": ["document"] }]);
    definitions.insert("album-song".into(), song);
    definitions.insert("deliver".into(), table(DELIVER, &[]));
    definitions.insert("cd".into(), table(CD, &[]));
    definitions.insert("vinyl".into(), table(VINYL, &[]));
    definitions.insert("cassette".into(), table(CASSETTE, &[]));
    definitions.insert("id".into(), json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": MAX_ID }));
    definitions.insert("automation".into(), lane(false));
    definitions.insert("lfo".into(), table(LFO, &[]));
    definitions.insert("point".into(), point());
    inserts(&mut definitions, registry);
    let mut root = table(DOCUMENT, &[]);
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("A Tonmeister album");
    root["$defs"] = Value::Object(definitions);
    root
}
