//! Which of the server's words are shown.
//!
//! A violated constraint, a value that fits no type, a trigger that fails: their words can quote a row, and
//! with it a token. What is withheld stands in the server's log. The server's CONTEXT is never shown.

use postgres::error::{DbError, ErrorPosition, Severity};

const MESSAGE: &str = "(message withheld)";
const DETAIL: &str = "Withheld, because it can contain a token; see the server's log.";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shown {
    Code,
    Message,
    All,
}

pub fn message(said: &DbError) -> &str {
    if Shown::of(said) >= Shown::Message { said.message() } else { MESSAGE }
}

pub fn detail(said: &DbError) -> Option<&str> {
    if Shown::of(said) == Shown::All { said.detail() } else { Some(DETAIL) }
}

pub fn hint(said: &DbError) -> Option<&str> {
    said.hint().filter(|_| Shown::of(said) == Shown::All)
}

/// The words of ticket_ext quote no row. The extension names itself as the source, in a notice one of its functions;
/// the plain-SQL edition raises them as a trigger would, and marks them.
pub fn is_own(said: &DbError) -> bool {
    let module = said.routine().and_then(|routine| routine.split("::").next());
    let is_marked = said.routine() == Some("exec_stmt_raise") && said.datatype() == Some("ticket_ext");
    module == Some("ticket_ext") || is_marked
}

impl Shown {
    fn of(said: &DbError) -> Self {
        let ends_the_session = matches!(said.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
        let by_a_function = said.routine().is_some_and(is_of_a_language);
        let in_our_statement = matches!(said.position(), Some(ErrorPosition::Original(_)));
        if is_own(said) || ends_the_session {
            Self::All
        } else if by_a_function {
            Self::Code
        } else {
            Self::by_code(said.code().code(), in_our_statement)
        }
    }

    /// Of PostgreSQL's own words. A statement that a trigger has put together can hold a token, though hardly
    /// as the name of an object.
    fn by_code(code: &str, in_our_statement: bool) -> Self {
        match (code.get(..2).unwrap_or_default(), code) {
            (_, "22023" | "42501" | "42602" | "42P01" | "42704" | "42883") => Self::All,
            ("08" | "0A" | "25" | "28" | "3D" | "3F" | "40" | "53" | "54" | "55" | "57" | "58" | "XX", _) => {
                Self::All
            }
            ("42", _) if in_our_statement => Self::All,
            ("23", _) => Self::Message,
            _ => Self::Code,
        }
    }
}

/// RAISE of PL/pgSQL and its like in other languages: the words are the author's, and so is the code.
fn is_of_a_language(routine: &str) -> bool {
    routine.starts_with("exec_stmt_") || routine.starts_with("PLy_") || routine.contains("::")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_quote_a_row_is_withheld_by_its_code() {
        for (code, expected) in [
            ("23505", Shown::Message),
            ("23514", Shown::Message),
            ("22P02", Shown::Code),
            ("22001", Shown::Code),
            ("42601", Shown::Code),
            ("42703", Shown::Code),
            ("38000", Shown::Code),
            ("P0001", Shown::Code),
            ("T0001", Shown::Code),
            ("40001", Shown::All),
            ("42501", Shown::All),
            ("57014", Shown::All),
            ("55P03", Shown::All),
        ] {
            assert_eq!(Shown::by_code(code, false), expected, "{code}");
        }
        assert_eq!(Shown::by_code("42601", true), Shown::All, "a statement of the driver's own");
    }

    #[test]
    fn the_words_of_functions_are_told_from_postgresqls() {
        for routine in ["exec_stmt_raise", "exec_stmt_assert", "PLy_elog_impl", "other::trigger"] {
            assert!(is_of_a_language(routine), "{routine}");
        }
        assert!(!is_of_a_language("ExecConstraints"));
    }
}
