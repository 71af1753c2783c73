-- The tables of the index, layout 2 (1 had no roll-ups). The same statements make the cold tables
-- (in the file, catalog "cold") and the hot ones (in memory, catalog "hot").
-- Times and durations are nanoseconds, money nano-dollars. NULL is "unknown".
-- Columns that end in _id are keys of dict; 0 is "none".

CREATE TABLE spans (
    project   UINTEGER NOT NULL,
    hi        UBIGINT  NOT NULL,  -- trace id, two halves
    lo        UBIGINT  NOT NULL,
    span      UBIGINT  NOT NULL,
    parent    UBIGINT  NOT NULL,  -- 0: a root
    start     BIGINT   NOT NULL,
    dur       BIGINT,             -- NULL while the span goes on
    ttft      BIGINT,
    kind      UTINYINT NOT NULL,
    error     BOOLEAN  NOT NULL,
    counted   BOOLEAN  NOT NULL,  -- usage and cost are in sums
    t_in      BIGINT,             -- usage as the span says it; all five NULL when it says nothing
    t_cached  BIGINT,
    t_write   BIGINT,
    t_out     BIGINT,
    t_reason  BIGINT,
    cost_sent BIGINT,
    cost_calc BIGINT,
    name_id        UINTEGER NOT NULL,
    reason_id      UINTEGER NOT NULL,
    provider_id    UINTEGER NOT NULL,
    model_id       UINTEGER NOT NULL,
    asked_id       UINTEGER NOT NULL,
    config_id      UINTEGER NOT NULL,
    version_id     UINTEGER NOT NULL,
    label_id       UINTEGER NOT NULL,
    feature_id     UINTEGER NOT NULL,
    user_id        UINTEGER NOT NULL,
    session_id     UINTEGER NOT NULL,
    environment_id UINTEGER NOT NULL,
    service_id     UINTEGER NOT NULL,
    finish_id      UINTEGER NOT NULL,
    tags_id        UINTEGER NOT NULL,  -- of a set of tags: its text is a JSON array, sorted
    seg       UINTEGER NOT NULL,  -- where the bytes are: segment and item of the project's log
    ord       UINTEGER NOT NULL
);

-- Log records that name a span; (seg, ord) as above.
CREATE TABLE logs (
    project UINTEGER NOT NULL,
    hi UBIGINT NOT NULL, lo UBIGINT NOT NULL, span UBIGINT NOT NULL,
    time BIGINT NOT NULL,
    seg UINTEGER NOT NULL, ord UINTEGER NOT NULL
);

-- Scores: of each id the latest arrival. latest is true for the newest (time,
-- then arrival) of each project, target and name.
CREATE TABLE scores (
    project UINTEGER NOT NULL,
    id VARCHAR NOT NULL,
    hi UBIGINT NOT NULL, lo UBIGINT NOT NULL, span UBIGINT NOT NULL,  -- zeros: not about a trace
    session VARCHAR NOT NULL, "case" VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    value DOUBLE, label VARCHAR NOT NULL, text VARCHAR NOT NULL,
    source VARCHAR NOT NULL, comment VARCHAR NOT NULL,
    time BIGINT NOT NULL,
    latest BOOLEAN NOT NULL,
    seg UINTEGER NOT NULL, ord UINTEGER NOT NULL
);

-- Texts that many rows share. dim says of what (see dict.go); ids count from 1
-- in each dim.
CREATE TABLE dict (
    dim  UTINYINT NOT NULL,
    id   UINTEGER NOT NULL,
    text VARCHAR  NOT NULL
);
