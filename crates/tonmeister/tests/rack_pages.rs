//! The pages of `docs/rack` follow from the rack; what is committed must not drift. `BLESS=1` writes them anew.

mod committed;

use tonmeister::World;
use tonmeister::rack_pages::{Page, pages};
use tonmeister_session::parse;

fn made() -> Vec<Page> {
    pages(World::new().registry()).expect("every effect can be shown")
}

#[test]
fn the_committed_pages_are_those_of_the_rack() {
    let pages = made();
    committed::hold("rack", &pages.iter().map(|page| (page.name.as_str(), page.text.as_str())).collect::<Vec<_>>());
}

#[test]
fn the_examples_are_valid_and_the_pictures_small() {
    let world = World::new();
    let rack = world.registry();
    let mut examples = 0;
    for page in made() {
        assert!(page.text.len() < 30_000, "{} has {} bytes", page.name, page.text.len());
        assert!(!page.text.contains("NaN") && !page.text.contains("inf,"), "{}", page.name);
        for block in page.text.split("```toml\n").skip(1) {
            let example = block.split("```").next().unwrap();
            let found = parse(example, rack).map(|document| document.warnings().to_vec());
            assert_eq!(found, Ok(Vec::new()), "{}:\n{example}", page.name);
            examples += 1;
        }
    }
    assert_eq!(examples, rack.specs().count());
}

/// `bench/against --page` writes that page and refuses gaps; whoever adds an effect and does not run it hears of it here.
#[test]
fn every_effect_is_held_against_another_or_said_to_stand_alone() {
    let page = include_str!("../../../docs/against.md");
    for spec in World::new().registry().specs() {
        let (row, reason) = (format!("\n| `{}` |", spec.id), format!("\n- `{}`: ", spec.id));
        assert_ne!(
            page.contains(&row),
            page.contains(&reason),
            "docs/against.md should have rows for `{}` or, under \"Alone\", the reason why not; write the rows in bench/versus or the \
             reason in bench/against, and run `bench/against --page`",
            spec.id
        );
    }
    assert!(!page.contains("BROKEN** |"), "a bound of docs/against.md does not hold");
}

/// `bench/rack --page` writes that page; whoever adds an effect and does not time it hears of it here, and so does who lets a
/// peer be cheaper without a reason.
#[test]
fn every_effect_is_timed_beside_others_and_dearer_ones_say_why() {
    let page = include_str!("../../../docs/rack-speed.md");
    for spec in World::new().registry().specs() {
        assert!(
            page.contains(&format!("\n| `{}` |", spec.id)),
            "docs/rack-speed.md should have a row for `{}`; write its job in bench/rack_jobs.py and run `bench/rack --page`",
            spec.id
        );
    }
    let mut peers = 0;
    for line in page.lines().filter(|line| line.starts_with("| | | ")) {
        let cells: Vec<&str> = line.split(" | ").map(|cell| cell.trim_matches([' ', '|'])).collect();
        let [.., ratio, why] = cells[..] else { panic!("{line}") };
        let ratio: f64 = ratio.parse().unwrap_or_else(|_| panic!("{line}"));
        assert!(ratio <= 1.0 || !why.is_empty(), "a peer is cheaper and nobody says why: {line}");
        peers += 1;
    }
    assert!(peers > 100, "{peers} peers");
}
