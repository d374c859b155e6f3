//! SQL with places for what cannot be a parameter, such as the name of a table.

/// Fills in each `@name@`, in one pass, since a value may hold anything, even an @ of its own.
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let value = |name| {
        let known = values.iter().find(|(known, _)| *known == name);
        known.map_or_else(|| panic!("@{name}@ has no value"), |(_, value)| *value)
    };
    text.split('@').enumerate().map(|(index, part)| if index % 2 == 0 { part } else { value(part) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_taken_as_it_is_even_where_it_looks_like_a_place() {
        let values = [("table", r#""@token@""#), ("token", "code")];
        assert_eq!(fill("SELECT @token@ FROM @table@", &values), r#"SELECT code FROM "@token@""#);
    }

    #[test]
    #[should_panic(expected = "@tabel@ has no value")]
    fn a_place_without_a_value_is_a_mistake_in_the_code() {
        fill("SELECT FROM @tabel@", &[("table", "t")]);
    }
}
