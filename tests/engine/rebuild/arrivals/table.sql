CREATE TABLE arrivals{v} (
    place text COLLATE "C" PRIMARY KEY,
    deliveries bigint NOT NULL,
    units bigint NOT NULL
);
