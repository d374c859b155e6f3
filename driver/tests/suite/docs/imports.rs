//! Who may import whom: the lists in `docs/architecture.md`, from the top down. A module imports from its own line and
//! from those below, and no modules import each other in a circle.

use std::collections::{BTreeMap, BTreeSet, HashMap};
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
fn imports(source: &str) -> BTreeSet<String> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut imports = BTreeSet::new();
    for rest in source.split("crate::").skip(1) {
        let group = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let names = group.map_or_else(|| vec![rest], |(group, _)| group.split(',').collect());
        let module =
            |name: &str| name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        imports.extend(names.into_iter().map(module));
    }
    imports
}

type Imports = BTreeMap<String, BTreeSet<String>>;

/// Of each module, the others that it imports.
fn all_imports(folder: &str) -> Imports {
    let mut all = Imports::new();
    for (module, source) in sources(&repository().join(folder)) {
        all.entry(module).or_default().extend(imports(&source));
    }
    let modules: BTreeSet<String> = all.keys().cloned().collect();
    all.iter_mut().for_each(|(own, imports)| imports.retain(|one| one != own && modules.contains(one)));
    all
}

fn check(folder: &str) {
    let (places, all) = (places(folder), all_imports(folder));
    for (module, imports) in &all {
        let place = |module: &str| match places.get(module) {
            Some(place) => *place,
            None => panic!("{folder}: {module} is in no line of docs/architecture.md"),
        };
        for import in imports {
            let upwards = place(import) < place(module);
            assert!(!upwards, "{folder}: {module} imports {import}, which is above it");
        }
    }
    assert_eq!(circle(all), None, "{folder}: modules import each other");
}

/// Modules that import each other, directly or by others: what is left without those that import none of the rest, and
/// without those that none of the rest imports.
fn circle(mut all: Imports) -> Option<Imports> {
    loop {
        let before = all.len();
        let imported: BTreeSet<String> = all.values().flatten().cloned().collect();
        all.retain(|module, imports| !imports.is_empty() && imported.contains(module));
        let rest: BTreeSet<String> = all.keys().cloned().collect();
        all.values_mut().for_each(|imports| imports.retain(|one| rest.contains(one)));
        if all.len() == before {
            return (before > 0).then_some(all);
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
    assert_eq!(imports(source), BTreeSet::from(expected));
}

#[test]
fn a_circle_is_found_by_whatever_way_it_goes() {
    let all = |arrows: &[(&str, &str)]| {
        let modules = arrows.iter().flat_map(|(from, to)| [from, to]);
        let mut all: Imports = modules.map(|module| (module.to_string(), BTreeSet::new())).collect();
        for (from, to) in arrows {
            all.entry(from.to_string()).or_default().insert(to.to_string());
        }
        all
    };
    let ladder = [("a", "b"), ("a", "c"), ("b", "c"), ("c", "d")];
    assert_eq!(circle(all(&ladder)), None);
    let found = circle(all(&[&ladder[..], &[("c", "e"), ("e", "b")]].concat())).expect("a circle");
    assert_eq!(found.into_keys().collect::<String>(), "bce");
}
