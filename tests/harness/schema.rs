//! Checks JSON against the schemas in `cli/schema/`.
//!
//! As much of JSON Schema as they use: `type`, `properties`, `required`, `items`, `enum`, `const`,
//! `oneOf`, and `additionalProperties: false`. Any other keyword is an error, so that a schema never says
//! more than is checked.

use serde_json::Value;

use crate::paths;

/// The schema of a command's `--json` record.
///
/// # Panics
/// When there is none, or it is no JSON.
pub fn load(name: &str) -> Value {
    let path = paths::root().join(format!("cli/schema/{name}.json"));
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Says what in `value` is not as `schema` wants it; empty when all is.
pub fn complaints(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, value, "$", &mut found);
    found
}

fn check(schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let Some(rules) = schema.as_object() else {
        found.push(format!("{at}: the schema is no object"));
        return;
    };
    for (rule, wanted) in rules {
        match rule.as_str() {
            "$schema" | "title" | "description" => {}
            "type" => {
                let names: Vec<&str> = match wanted {
                    Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
                    one => one.as_str().into_iter().collect(),
                };
                if !names.iter().any(|name| is_a(value, name)) {
                    found.push(format!("{at}: {value} is not {wanted}"));
                }
            }
            "enum" => {
                if !wanted.as_array().is_some_and(|list| list.contains(value)) {
                    found.push(format!("{at}: {value} is none of {wanted}"));
                }
            }
            "const" => {
                if value != wanted {
                    found.push(format!("{at}: {value} is not {wanted}"));
                }
            }
            "required" => {
                for name in wanted
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                {
                    if value.is_object() && value.get(name).is_none() {
                        found.push(format!("{at}: `{name}` is missing"));
                    }
                }
            }
            "properties" => {
                for (name, schema) in wanted.as_object().into_iter().flatten() {
                    if let Some(value) = value.get(name) {
                        check(schema, value, &format!("{at}.{name}"), found);
                    }
                }
            }
            "additionalProperties" => {
                let known = rules.get("properties").and_then(Value::as_object);
                for name in value
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name)
                {
                    if wanted == &Value::Bool(false)
                        && !known.is_some_and(|known| known.contains_key(name))
                    {
                        found.push(format!("{at}: `{name}` is not in the schema"));
                    }
                }
            }
            "items" => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    check(wanted, value, &format!("{at}[{index}]"), found);
                }
            }
            "oneOf" => {
                let fits = wanted
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter(|schema| complaints(schema, value).is_empty());
                if fits.count() != 1 {
                    found.push(format!("{at}: {value} is not exactly one of {wanted}"));
                }
            }
            other => found.push(format!("{at}: the checker does not know `{other}`")),
        }
    }
}

fn is_a(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_rule_can_fail() {
        for (schema, good, bad) in [
            (json!({"type": "integer"}), json!(1), json!(1.5)),
            (json!({"type": ["string", "null"]}), json!(null), json!(1)),
            (json!({"enum": ["a"]}), json!("a"), json!("b")),
            (json!({"const": "x"}), json!("x"), json!("y")),
            (json!({"required": ["a"]}), json!({"a": 1}), json!({})),
            (
                json!({"properties": {"a": {"type": "string"}}}),
                json!({"a": ""}),
                json!({"a": 1}),
            ),
            (
                json!({"properties": {"a": {}}, "additionalProperties": false}),
                json!({"a": 1}),
                json!({"b": 1}),
            ),
            (
                json!({"items": {"type": "boolean"}}),
                json!([true]),
                json!([true, 1]),
            ),
            (
                json!({"oneOf": [{"const": 1}, {"const": 2}]}),
                json!(2),
                json!(3),
            ),
        ] {
            assert!(complaints(&schema, &good).is_empty(), "{schema} {good}");
            assert!(!complaints(&schema, &bad).is_empty(), "{schema} {bad}");
        }
        assert!(!complaints(&json!({"pattern": "x"}), &json!("x")).is_empty());
    }
}
