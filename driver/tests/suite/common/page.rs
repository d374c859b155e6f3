//! Pages of documentation and the fenced blocks in them.

use std::fs;

use super::server::repository;

pub struct Page {
    /// Its path in the repository.
    pub path: String,
    pub text: String,
}

pub struct Block {
    pub language: String,
    pub text: String,
}

impl Page {
    pub fn read(path: &str) -> Self {
        let text = fs::read_to_string(repository().join(path));
        Self { path: path.to_owned(), text: text.unwrap_or_else(|error| panic!("{path}: {error}")) }
    }

    /// Those of `docs/`, by name.
    pub fn docs() -> Vec<Self> {
        let folder = fs::read_dir(repository().join("docs")).expect("there are docs");
        let files = folder.map(|entry| entry.expect("the folder can be read").file_name());
        let mut names: Vec<String> = files.map(|name| name.into_string().expect("a plain name")).collect();
        names.retain(|name| name.ends_with(".md"));
        names.sort();
        names.iter().map(|name| Self::read(&format!("docs/{name}"))).collect()
    }

    pub fn blocks(&self) -> Vec<Block> {
        let (mut blocks, mut open) = (Vec::new(), None::<Block>);
        for line in self.text.lines() {
            assert!(
                !line.starts_with(' ') || !line.trim().starts_with("```"),
                "{}: {line}: not indented",
                self.path
            );
            match (line.strip_prefix("```"), &mut open) {
                (Some(language), None) => {
                    open = Some(Block { language: language.into(), text: String::new() });
                }
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (None, Some(block)) => block.text.extend([line, "\n"]),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a block is left open", self.path);
        blocks
    }

    /// What is outside of the blocks.
    pub fn prose(&self) -> String {
        self.text.split("\n```").step_by(2).collect()
    }
}
