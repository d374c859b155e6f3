//! Who may import whom: the lists in `docs/architecture.md`, from the top down. A module imports from its own line and
//! from those below.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use crate::common::{Page, repository};

/// The place of each module in the list that begins with the folder's name.
fn places(folder: &str) -> HashMap<String, usize> {
    let blocks = Page::read("docs/architecture.md").blocks();
    let list = blocks.iter().find(|block| block.text.lines().next() == Some(folder));
    let lines = list.unwrap_or_else(|| panic!("{folder} has no list")).text.lines().skip(1).enumerate();
    let modules = lines.flat_map(|(place, line)| {
        let modules = line.split(':').next().unwrap_or_default().split(',');
        modules.map(move |module| (module.trim().to_owned(), place))
    });
    modules.collect()
}

/// Whole files: a module's own tests may import what they like.
fn imports(source: &str) -> HashSet<String> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut imports = HashSet::new();
    for rest in source.split("crate::").skip(1) {
        let group = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let names = group.map_or_else(|| vec![rest], |(group, _)| group.split(',').collect());
        let module =
            |name: &str| name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        imports.extend(names.into_iter().map(module));
    }
    imports
}

fn check(folder: &str) {
    let places = places(folder);
    for (module, source) in sources(&repository().join(folder)) {
        let Some(own) = places.get(&module) else {
            panic!("{folder}: {module} is in no line of docs/architecture.md")
        };
        for import in imports(&source) {
            let upwards = places.get(&import).is_some_and(|place| place < own);
            assert!(!upwards, "{folder}: {module} imports {import}, which is above it");
        }
    }
}

/// Modules, by their file or folder, and the text of each file.
fn sources(root: &Path) -> Vec<(String, String)> {
    let mut sources = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of sources").flatten() {
            let path = entry.path();
            let name = path.strip_prefix(root).expect("it is below").to_string_lossy().into_owned();
            let module = name.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") && !["main", "lib", "tests"].contains(&module.as_str()) {
                sources.push((module, fs::read_to_string(path).expect("a source")));
            }
        }
    }
    sources
}

#[test]
fn the_driver_imports_from_the_top_down() {
    check("driver/src");
}

#[test]
fn the_extension_imports_from_the_top_down() {
    check("ticket_ext/src");
}

#[test]
fn an_import_is_read_in_each_way_that_it_can_be_written() {
    let source = "use crate::error::Error;\nuse crate::{batch, token, verify};\ncrate::digest::of(x)\n#[cfg(test)]\nuse crate::cli;";
    let expected = ["error", "batch", "token", "verify", "digest"].map(str::to_owned);
    assert_eq!(imports(source), HashSet::from(expected));
}
