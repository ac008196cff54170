//! The document described for editors and readers, from the same tables that check it.

use crate::world::World;

impl World {
    /// The JSON Schema (draft 2020-12) of `song.toml`, with every effect of the rack.
    pub fn schema(&self) -> String {
        format!("{:#}\n", tonmeister_session::schema(self.registry()))
    }

    /// The JSON Schema (draft 2020-12) of `album.toml`, with every effect of the rack for its chains.
    pub fn album_schema(&self) -> String {
        format!("{:#}\n", tonmeister_session::album::schema(self.registry()))
    }

    /// The reference of `song.toml` as Markdown: every key and every effect, with range and default.
    pub fn reference(&self) -> String {
        tonmeister_session::reference(self.registry())
    }
}

#[cfg(test)]
mod tests {
    use super::World;

    #[test]
    fn schema_and_reference_know_every_effect_of_the_rack() {
        let world = World::new();
        let (schema, album, reference) = (world.schema(), world.album_schema(), world.reference());
        for effect in world.registry().specs() {
            assert!(album.contains(&format!("insert-{}", effect.id)), "{}", effect.id);
            assert!(schema.contains(&format!("insert-{}", effect.id)), "{}", effect.id);
            assert!(reference.contains(effect.id), "{}", effect.id);
        }
    }
}
