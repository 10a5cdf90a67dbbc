CREATE TABLE loans (
    "book" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "loans_pkey" PRIMARY KEY ("book")
);

CREATE TABLE notes (
    "id" INTEGER NOT NULL,
    "text" TEXT,

    CONSTRAINT "notes_pkey" PRIMARY KEY ("id")
);
