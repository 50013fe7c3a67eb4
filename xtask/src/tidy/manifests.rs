//! Rule: a crate's `Cargo.toml` depends only on what its layer allows, for building and testing too.

use toml::de::{DeTable, DeValue};

use super::Finding;
use super::layers::{LAYERS, Layer};
use super::tree::{File, line_of};

/// Checks one manifest; other files have nothing to find.
pub fn check(file: &File) -> Vec<Finding> {
    if file.path != "Cargo.toml" && !file.path.ends_with("/Cargo.toml") {
        return Vec::new();
    }
    let manifest = match DeTable::parse(&file.text) {
        Ok(manifest) => manifest.into_inner(),
        Err(error) => {
            let line = line_of(&file.text, error.span().map_or(0, |span| span.start));
            return vec![Finding::new(&file.path, line, error.message(), "mend the TOML")];
        }
    };
    if !manifest.contains_key("package") {
        return Vec::new();
    }
    let Some(layer) = Layer::of(&file.path) else {
        let folders: Vec<_> = LAYERS.iter().map(|layer| layer.folder).collect();
        let wrong = format!("this crate is in none of {}", folders.join(", "));
        return vec![Finding::new(&file.path, 1, wrong, "give it a row in xtask/src/tidy/layers.rs")];
    };
    let mut dependencies = Vec::new();
    collect(&manifest, &mut dependencies);
    let judge = |(name, offset): (String, usize)| {
        let mend = layer.objection(&[name.replace('-', "_")])?;
        Some(Finding::new(&file.path, line_of(&file.text, offset), format!("{} depends on {name}", layer.folder), mend))
    };
    dependencies.into_iter().filter_map(judge).collect()
}

/// The packages in every table of dependencies, those of `[target.….dependencies]` too, and where they stand.
fn collect(table: &DeTable<'_>, found: &mut Vec<(String, usize)>) {
    for (key, value) in table {
        let Some(inner) = value.get_ref().as_table() else { continue };
        if !matches!(key.get_ref().as_ref(), "dependencies" | "dev-dependencies" | "build-dependencies") {
            collect(inner, found);
            continue;
        }
        for (name, details) in inner {
            let package = details.get_ref().get("package").and_then(|package| DeValue::as_str(package.get_ref()));
            found.push((package.unwrap_or(name.get_ref()).to_owned(), name.span().start));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::tidy::testing::{assert_clean, assert_finds};

    #[test]
    fn dependencies_upwards_are_found_in_every_table() {
        for table in ["dependencies", "dev-dependencies", "build-dependencies", "target.'cfg(unix)'.dependencies"] {
            let manifest =
                format!("[package]\nname = \"realmgate-engine\"\n[{table}]\nrealmgate-sidecar.workspace = true\n");
            assert_finds(
                "engine/Cargo.toml",
                &manifest,
                4,
                "engine depends on realmgate-sidecar; engine may depend on realmgate-protocol",
            );
        }
    }

    #[test]
    fn a_crate_under_another_name_is_still_that_crate() {
        let manifest =
            "[package]\nname = \"realmgate-protocol\"\n[dependencies]\nrt = { package = \"tokio\", version = \"1\" }\n";
        assert_finds("protocol/Cargo.toml", manifest, 4, "protocol depends on tokio");
    }

    #[test]
    fn a_crate_without_a_layer_is_found() {
        assert_finds("loot/Cargo.toml", "[package]\nname = \"loot\"\n", 1, "layers.rs");
    }

    #[test]
    fn what_the_layers_allow_is_clean() {
        assert_clean("Cargo.toml", "[workspace]\n[workspace.dependencies]\ntokio = \"1\"\n");
        assert_clean(
            "engine/Cargo.toml",
            "[package]\n[dependencies]\nrealmgate-protocol.workspace = true\nbevy_ecs = \"0.20\"\n",
        );
        assert_clean("sidecar/Cargo.toml", "[package]\n[dependencies]\naxum = \"0.8\"\n");
    }
}
