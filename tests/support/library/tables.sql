CREATE TABLE loans (
    "id" SERIAL PRIMARY KEY,
    "book" TEXT
);

CREATE TABLE notes (
    "id" INTEGER PRIMARY KEY,
    "text" TEXT
);

-- As tests/support/library/schema.prisma describes it.
CREATE TABLE books (
    "title" TEXT PRIMARY KEY,
    "bought_at" TIMESTAMPTZ(3) NOT NULL
);
