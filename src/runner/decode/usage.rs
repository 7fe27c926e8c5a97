//! What a server says it used, whatever it calls the figures.

use serde_json::Value;

use crate::domain::usage::Usage;

/// The figures of a `usage` object; none when it reports neither input nor output, or zero for both.
pub(crate) fn parse(usage: &Value) -> Option<Usage> {
    let first = |names: &[&str]| names.iter().find_map(|name| number(usage.pointer(name)));
    let total = first(&["/total_tokens"]);
    let input = first(&["/prompt_tokens", "/input_tokens"]);
    let output = first(&["/completion_tokens", "/output_tokens"]);
    let (input, output) = match (input, output, total) {
        (Some(input), Some(output), _) => (input, output),
        (Some(input), None, total) => (input, total.unwrap_or(input).saturating_sub(input)),
        (None, Some(output), total) => (total.unwrap_or(output).saturating_sub(output), output),
        (None, None, _) => return None,
    };
    if input == 0 && output == 0 {
        return None;
    }
    let cached = ["/prompt_tokens_details/cached_tokens", "/input_tokens_details/cached_tokens", "/prompt_cache_hit_tokens"];
    let reasoning = ["/completion_tokens_details/reasoning_tokens", "/output_tokens_details/reasoning_tokens"];
    Some(Usage {
        input,
        // Parts of the whole, never more than it: they are not counted twice.
        cached_input: first(&cached).unwrap_or(0).min(input),
        output,
        reasoning: first(&reasoning).unwrap_or(0).min(output),
        estimated: false,
    })
}

fn number(value: Option<&Value>) -> Option<u64> {
    let value = value?;
    let float = || value.as_f64().filter(|number| (0.0..1e15).contains(number)).map(|number| format!("{number:.0}"));
    value.as_u64().or_else(|| float()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn figures(usage: &Value) -> Option<(u64, u64, u64, u64)> {
        parse(usage).map(|usage| (usage.input, usage.cached_input, usage.output, usage.reasoning))
    }

    #[test]
    fn figures_are_found_under_all_their_names() {
        let details = json!({
            "prompt_tokens": 10, "completion_tokens": 7, "total_tokens": 17,
            "prompt_tokens_details": { "cached_tokens": 4 }, "completion_tokens_details": { "reasoning_tokens": 5 },
        });
        assert_eq!(figures(&details), Some((10, 4, 7, 5)));
        assert_eq!(figures(&json!({ "input_tokens": 3.0, "output_tokens": 2 })), Some((3, 0, 2, 0)));
        assert_eq!(figures(&json!({ "prompt_tokens": 3, "total_tokens": 9 })), Some((3, 0, 6, 0)));
        assert_eq!(figures(&json!({ "prompt_tokens": 3, "completion_tokens": null })), Some((3, 0, 0, 0)));
        assert_eq!(figures(&json!({ "prompt_tokens": 9, "prompt_cache_hit_tokens": 99 })), Some((9, 9, 0, 0)));
    }

    #[test]
    fn an_empty_report_is_none() {
        for usage in [
            json!(null),
            json!({}),
            json!({ "prompt_tokens": null }),
            json!("x"),
            json!({ "prompt_tokens": 0, "completion_tokens": 0 }),
            json!({ "prompt_tokens": -1 }),
        ] {
            assert_eq!(figures(&usage), None, "{usage}");
        }
    }
}
