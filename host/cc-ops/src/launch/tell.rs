//! Who is told of a run: the user, by their overrides, and a collector, by the environment.

use cc_domain::{Notify, RunMode};
use cc_workers::{Environment, Tell};

/// What reaches a desktop's notifications.
const DESKTOP: [&str; 3] = ["DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY"];
/// Any of these turns telemetry on.
const ENDPOINTS: [&str; 3] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
];

/// None when nobody is: that is the usual case, and then the run's end starts no process.
pub(super) fn tell(notify: &Notify, mode: RunMode) -> Option<Tell> {
    of(notify, mode, &cc_workers::environment())
}

fn of(notify: &Notify, mode: RunMode, environment: &Environment) -> Option<Tell> {
    let set = |name: &&str| environment.get(*name).is_some_and(|value| !value.is_empty());
    let disabled =
        environment.get("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let telemetry = ENDPOINTS.iter().any(set) && !disabled;
    if mode == RunMode::Demo || !(notify.is_on() || telemetry) {
        return None;
    }
    let passed = |name: &str| name.starts_with("OTEL_") || DESKTOP.contains(&name);
    let passed = environment.iter().filter(|(name, _)| passed(name));
    Some(Tell {
        moments: notify.moments(),
        min_seconds: notify.min_seconds,
        telemetry,
        environment: passed.map(|(name, value)| (name.clone(), value.clone())).collect(),
    })
}

#[cfg(test)]
mod tests {
    use cc_domain::Moment;

    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn nobody_is_told_unless_somebody_asked() {
        let none = environment(&[("OTEL_SERVICE_NAME", "x"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "")]);
        assert!(of(&Notify::default(), RunMode::Streaming, &none).is_none());
        let on = environment(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"), ("SECRET", "x")]);
        let told = of(&Notify::default(), RunMode::Streaming, &on).unwrap();
        assert!(told.telemetry && told.moments.is_empty() && told.environment.len() == 1);
        assert!(of(&Notify::default(), RunMode::Demo, &on).is_none());
        let off = environment(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://x"), ("OTEL_SDK_DISABLED", "TRUE")]);
        assert!(of(&Notify::default(), RunMode::Streaming, &off).is_none());
        let desktop = Notify { desktop: true, on: vec![Moment::Failed], ..Notify::default() };
        assert_eq!(of(&desktop, RunMode::Blocking, &none).unwrap().moments, [Moment::Failed]);
    }
}
