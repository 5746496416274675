/**
 * Every test, in one process and one after another, in tables that are made once: `node dist/tests/run.js`.
 * A single file runs the same way: `node dist/tests/settings.test.js`.
 */
{{tests}}
