//! The page about what is held about one person.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, context};

use super::ReportError;
use crate::engine::Subject;

const TEMPLATE: &str = "subject.html";

/// The answer to somebody who asks what is held about them, as HTML. No number is in it.
///
/// # Errors
/// If the template cannot be filled in, which no answer should be able to cause.
pub fn render_subject(found: &Subject) -> Result<String, ReportError> {
    fill_in(found).map_err(|source| ReportError::Template {
        template: TEMPLATE,
        source,
    })
}

fn fill_in(found: &Subject) -> Result<String, Error> {
    let mut templates = Environment::new();
    // Whatever the name is, text is escaped, and a misspelt value is an error.
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.add_template(TEMPLATE, include_str!("subject.html"))?;
    let template = templates.get_template(TEMPLATE)?;
    template.render(context! { found => Serde(found) })
}
