-- ADR 0090. Rows are added, are never changed, and go when their time is up.
CREATE TABLE "audit_log" (
    "position" BIGINT GENERATED ALWAYS AS IDENTITY,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "act" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "actor_kind" TEXT NOT NULL,
    "actor" TEXT,
    "application" TEXT,
    "network" TEXT,
    "user_agent" TEXT,
    "target" TEXT,
    "details" JSONB,
    "request_id" TEXT,

    CONSTRAINT "audit_log_pkey" PRIMARY KEY ("position")
);

CREATE INDEX "audit_log_at_idx" ON "audit_log"("at");
CREATE INDEX "audit_log_act_position_idx" ON "audit_log"("act", "position");
CREATE INDEX "audit_log_actor_position_idx" ON "audit_log"("actor", "position") WHERE ("actor" IS NOT NULL);
CREATE INDEX "audit_log_target_position_idx" ON "audit_log"("target", "position") WHERE ("target" IS NOT NULL);

-- The bodies of these functions and the conditions of the triggers are bound to what they name when they are created:
-- no search path, and nothing that somebody creates later, changes what they do.

-- How long rows are kept: AUDIT_DAYS.
CREATE FUNCTION "audit_retention"() RETURNS INTERVAL LANGUAGE sql STABLE
RETURN INTERVAL '400 days';

CREATE FUNCTION "prune_audit_log"() RETURNS BIGINT LANGUAGE sql SECURITY DEFINER
BEGIN ATOMIC
    WITH pruned AS (DELETE FROM "audit_log" WHERE "at" < now() - "audit_retention"() RETURNING 1)
    SELECT count(*) FROM pruned;
END;

-- Keeps the acts and forgets the person, and says that it did: nobody can hide behind it without leaving a trace.
CREATE FUNCTION "forget_in_audit_log"("person" TEXT) RETURNS VOID LANGUAGE sql SECURITY DEFINER
BEGIN ATOMIC
    WITH forgotten AS (
        UPDATE "audit_log" SET
            "actor" = CASE WHEN "actor" = "person" THEN NULL ELSE "actor" END,
            "target" = CASE WHEN "target" = "person" THEN NULL ELSE "target" END,
            "network" = CASE WHEN "actor" = "person" OR "actor" IS NULL THEN NULL ELSE "network" END,
            "user_agent" = CASE WHEN "actor" = "person" OR "actor" IS NULL THEN NULL ELSE "user_agent" END
        WHERE "actor" = "person" OR "target" = "person"
        RETURNING 1
    )
    INSERT INTO "audit_log" ("act", "outcome", "actor_kind", "details")
    SELECT 'platform.forget-person', 'done', 'program', jsonb_build_object('entries', count(*)) FROM forgotten HAVING count(*) > 0;
END;

CREATE FUNCTION "refuse_audit_change"() RETURNS TRIGGER LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$ BEGIN
    RAISE EXCEPTION 'The audit log only grows: % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER "keep" BEFORE DELETE ON "audit_log" FOR EACH ROW
WHEN (OLD."at" >= now() - "audit_retention"())
EXECUTE FUNCTION "refuse_audit_change"();

CREATE TRIGGER "forget_only" BEFORE UPDATE ON "audit_log" FOR EACH ROW
WHEN (
    (NEW."position", NEW."at", NEW."act", NEW."outcome", NEW."actor_kind", NEW."application", NEW."details", NEW."request_id")
        IS DISTINCT FROM
    (OLD."position", OLD."at", OLD."act", OLD."outcome", OLD."actor_kind", OLD."application", OLD."details", OLD."request_id")
    OR coalesce(NEW."actor" <> OLD."actor", NEW."actor" IS NOT NULL AND OLD."actor" IS NULL)
    OR coalesce(NEW."target" <> OLD."target", NEW."target" IS NOT NULL AND OLD."target" IS NULL)
    OR coalesce(NEW."network" <> OLD."network", NEW."network" IS NOT NULL AND OLD."network" IS NULL)
    OR coalesce(NEW."user_agent" <> OLD."user_agent", NEW."user_agent" IS NOT NULL AND OLD."user_agent" IS NULL)
)
EXECUTE FUNCTION "refuse_audit_change"();

CREATE TRIGGER "keep_all" BEFORE TRUNCATE ON "audit_log" FOR EACH STATEMENT
EXECUTE FUNCTION "refuse_audit_change"();
