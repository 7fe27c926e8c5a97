//! How Discord says no: a status, a code, a sentence, and for a form the fault of every field at its place.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// A request that was not done.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: u32,
    pub(super) message: String,
    errors: Option<Value>,
    /// Whether a correct bot would not have asked; such refusals are violations.
    pub(super) blamed: bool,
}

impl Refusal {
    /// A refusal that a correct bot can run into: the world changed under it.
    pub(super) fn unlucky(status: u16, code: u32, message: &str) -> Self {
        Self { status, code, message: message.to_owned(), errors: None, blamed: false }
    }

    /// A refusal that a correct bot never meets.
    pub(super) fn blamed(status: u16, code: u32, message: &str) -> Self {
        Self { blamed: true, ..Self::unlucky(status, code, message) }
    }

    pub(super) fn unauthorized() -> Self {
        Self::blamed(401, 0, "401: Unauthorized")
    }

    pub(super) fn unknown_route() -> Self {
        Self::blamed(404, 0, "404: Not Found")
    }

    pub(super) fn unknown_channel() -> Self {
        Self::unlucky(404, 10003, "Unknown Channel")
    }

    pub(super) fn unknown_message() -> Self {
        Self::unlucky(404, 10008, "Unknown Message")
    }

    pub(super) fn empty_message() -> Self {
        Self::blamed(400, 50006, "Cannot send an empty message")
    }

    /// One field is wrong.
    pub(super) fn field(path: &str, code: &str, message: &str) -> Self {
        let mut faults = FormFaults::default();
        faults.add(path, code, message);
        faults.into_refusal()
    }

    /// Takes the blame away where the bot could not know better.
    pub(super) fn excused(self, excused: bool) -> Self {
        Self { blamed: self.blamed && !excused, ..self }
    }

    /// What stands in the list of violations.
    pub(super) fn describe(&self) -> String {
        let errors = self.errors.as_ref().map(|errors| format!(" {errors}")).unwrap_or_default();
        format!("{} {} {}{errors}", self.status, self.code, self.message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut body = json!({ "message": self.message, "code": self.code });
        if let Some(errors) = self.errors {
            body["errors"] = errors;
        }
        (status, Json(body)).into_response()
    }
}

/// Everything wrong with one form, each fault at the dotted path of its field.
#[derive(Debug, Default)]
pub(super) struct FormFaults {
    found: Vec<(String, Value)>,
}

impl FormFaults {
    pub(super) fn add(&mut self, path: &str, code: &str, message: &str) {
        self.found.push((path.to_owned(), json!({ "code": code, "message": message })));
    }

    pub(super) fn required(&mut self, path: &str) {
        self.add(path, "BASE_TYPE_REQUIRED", "This field is required");
    }

    /// Checks the length of a text in code points.
    pub(super) fn length(&mut self, path: &str, text: &str, least: usize, most: usize) {
        let length = text.chars().count();
        if length < least || length > most {
            if least == 0 {
                self.add(path, "BASE_TYPE_MAX_LENGTH", &format!("Must be {most} or fewer in length."));
            } else {
                self.add(path, "BASE_TYPE_BAD_LENGTH", &format!("Must be between {least} and {most} in length."));
            }
        }
    }

    /// # Errors
    ///
    /// When anything was found.
    pub(super) fn finish(self) -> Result<(), Refusal> {
        if self.found.is_empty() { Ok(()) } else { Err(self.into_refusal()) }
    }

    fn into_refusal(self) -> Refusal {
        let mut errors = Value::Object(Map::new());
        for (path, fault) in self.found {
            let mut place = &mut errors;
            for step in path.split('.').filter(|step| !step.is_empty()) {
                place = &mut place[step];
            }
            if let Value::Array(faults) = &mut place["_errors"] {
                faults.push(fault);
            } else {
                place["_errors"] = json!([fault]);
            }
        }
        Refusal { errors: Some(errors), ..Refusal::blamed(400, 50035, "Invalid Form Body") }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::FormFaults;

    #[test]
    fn faults_nest_as_their_fields_do() {
        let mut faults = FormFaults::default();
        faults.length("content", &"x".repeat(2001), 0, 2000);
        faults.required("components.0.components.1.custom_id");
        let refusal = faults.finish().expect_err("two faults");
        assert_eq!(
            refusal.errors,
            Some(json!({
                "content": { "_errors": [{ "code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length." }] },
                "components": { "0": { "components": { "1": {
                    "custom_id": { "_errors": [{ "code": "BASE_TYPE_REQUIRED", "message": "This field is required" }] }
                } } } }
            }))
        );
    }

    #[test]
    fn lengths_count_code_points() {
        let mut faults = FormFaults::default();
        faults.length("content", &"🦀".repeat(2000), 0, 2000);
        assert!(faults.finish().is_ok());
    }
}
