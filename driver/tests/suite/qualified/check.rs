//! What a statement reaches by an unqualified name, which the caller's search_path decides on.

use super::lexer::{Token, tokens};

/// Syntax that may stand before a parenthesis. What looks like a function among it is found in pg_catalog by the
/// parser.
const SYNTAX: &str = "all analyze and any array as by cascaded check coalesce conflict cross cube default distinct else except \
    execute exists extract fetch filter first from function greatest grouping if in insert intersect interval into join key \
    lateral least limit materialized not numeric nulls offset on operator or over overlay position primary procedure range \
    recursive references returning returns row rows select set sets some stdin substring table temporary then trim union unique \
    update using values varchar when where while with within xmlelement elsif loop return exit call";
/// A FROM within their parentheses is none of a query.
const WITH_FROM: [&str; 4] = ["extract", "substring", "trim", "overlay"];
/// Types that the parser itself finds in pg_catalog.
const TYPES: &str = "bigint bit boolean char character decimal double float int integer interval numeric real smallint time \
    timestamp varchar";
/// They look up an operator by its name and cannot be qualified.
const COMPARISONS: [&str; 6] = ["between", "like", "ilike", "similar", "natural", "nullif"];
/// What ends the list of tables.
const CLAUSES: &str =
    "where group having order limit offset fetch for union except intersect window returning set on select";

/// What each parenthesis that is open belongs to.
#[derive(Default)]
struct Level {
    opened_by: String,
    /// Whether a table comes next, and whether commas separate tables.
    expects_table: bool,
    in_from: bool,
    /// Whether `=` assigns.
    in_set: bool,
}

struct Check<'a> {
    tokens: &'a [Token],
    ctes: Vec<&'a str>,
    levels: Vec<Level>,
    found: Vec<String>,
}

/// Each finding in words.
pub fn unqualified(text: &str) -> Vec<String> {
    let tokens = tokens(text);
    let mut check =
        Check { tokens: &tokens, ctes: ctes(&tokens), levels: vec![Level::default()], found: Vec::new() };
    (0..tokens.len()).for_each(|at| check.look_at(at));
    check.found
}

/// `name AS (SELECT`, also `AS MATERIALIZED`.
fn ctes(tokens: &[Token]) -> Vec<&str> {
    let words = |at: usize| tokens.get(at).map(word).unwrap_or_default();
    let is_cte = |at: usize| {
        let open = if words(at + 2) == "materialized" { at + 3 } else { at + 2 };
        words(at + 1) == "as"
            && tokens.get(open) == Some(&Token::Sign("("))
            && contains("select update insert delete with", words(open + 1))
    };
    (0..tokens.len()).filter(|&at| is_cte(at)).map(words).collect()
}

fn word(token: &Token) -> &str {
    if let Token::Word(word) = token { word } else { "" }
}

fn contains(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|each| each == word)
}

impl<'a> Check<'a> {
    fn word(&self, at: usize) -> &'a str {
        self.tokens.get(at).map(word).unwrap_or_default()
    }

    fn is_sign(&self, at: usize, sign: &str) -> bool {
        matches!(self.tokens.get(at), Some(Token::Sign(found)) if *found == sign)
    }

    fn before(&self, at: usize) -> &'a str {
        at.checked_sub(1).map_or("", |at| self.word(at))
    }

    fn level(&mut self) -> &mut Level {
        self.levels.last_mut().expect("the statement itself is the first level")
    }

    fn look_at(&mut self, at: usize) {
        match &self.tokens[at] {
            Token::Sign("(") => {
                self.level().expects_table = false;
                let opened_by = self.before(at).to_owned();
                self.levels.push(Level { opened_by, ..Level::default() });
            }
            Token::Sign(")") if self.levels.len() > 1 => drop(self.levels.pop()),
            Token::Sign(",") => {
                let level = self.level();
                level.expects_table = level.in_from;
            }
            Token::Sign(";") => self.levels = vec![Level::default()],
            Token::Sign("::") => self.check_type(at + 1),
            Token::Operator(operator) => self.check_operator(at, operator),
            Token::Word(word) => self.check_word(at, word),
            Token::Name => self.level().expects_table = false,
            _ => {}
        }
    }

    fn check_word(&mut self, at: usize, word: &str) {
        let qualified = self.before_is_dot(at);
        if !qualified && self.is_sign(at + 1, "(") && !contains(SYNTAX, word) && self.before(at) != "as" {
            let is_definition = contains("table function procedure", self.before(at));
            if !is_definition && !self.is_sign(at + 1, ".") {
                self.found.push(format!("function {word}"));
            }
        }
        self.check_comparison(at, word);
        self.check_table(at, word, qualified);
    }

    fn before_is_dot(&self, at: usize) -> bool {
        at.checked_sub(1).is_some_and(|before| self.is_sign(before, "."))
    }

    fn check_comparison(&mut self, at: usize, word: &str) {
        let by_name = COMPARISONS.contains(&word)
            || word == "in" && self.is_sign(at + 1, "(")
            || word == "using" && self.is_sign(at + 1, "(")
            || word == "distinct" && self.word(at + 1) == "from"
            || word == "case" && self.word(at + 1) != "when" && !contains("end ;", self.before(at));
        if by_name && !self.before_is_dot(at) {
            self.found.push(format!("operator of {}", word.to_uppercase()));
        }
    }

    fn check_table(&mut self, at: usize, word: &str, qualified: bool) {
        if self.level().expects_table && !contains("lateral only", word) {
            let known = self.ctes.contains(&word) || contains("select values public stdin", word);
            self.level().expects_table = false;
            if !known && !qualified && !self.is_sign(at + 1, ".") && !self.is_sign(at + 1, "(") {
                self.found.push(format!("table {word}"));
            }
            return;
        }
        let before = self.before(at);
        let level = self.level();
        match word {
            "from" if WITH_FROM.contains(&&*level.opened_by) || before == "distinct" => {}
            "from" => (level.expects_table, level.in_from, level.in_set) = (true, true, false),
            "join" => level.expects_table = true,
            "into" if before == "insert" => level.expects_table = true,
            "update" if !contains("for on do key , select", before) && !level.in_from => {
                level.expects_table = true;
            }
            "set" => (level.in_set, level.in_from) = (true, false),
            _ if contains(CLAUSES, word) => {
                (level.in_set, level.in_from) = (false, word == "on" && level.in_from);
            }
            _ => {}
        }
    }

    fn check_type(&mut self, at: usize) {
        let name = self.word(at);
        if !name.is_empty() && !contains(TYPES, name) && !self.is_sign(at + 1, ".") {
            self.found.push(format!("type {name}"));
        }
    }

    fn check_operator(&mut self, at: usize, operator: &str) {
        let is_star = operator == "*"
            && (contains("select returning", self.before(at))
                || self.before_is_dot(at)
                || self.is_sign(at - 1, "(") && self.is_sign(at + 1, ")"));
        let is_sign_of_number = operator == "-"
            && self.tokens.get(at + 1) == Some(&Token::Value)
            && (self.is_sign(at - 1, "(") || self.is_sign(at - 1, ","));
        let level = self.level();
        let in_operator = level.opened_by == "operator";
        let assigns = operator == "=" && level.in_set;
        if !(is_star || is_sign_of_number || in_operator || assigns) {
            self.found.push(format!("operator {operator}"));
        }
    }
}
