-- PostgreSQL would compress bodies of more than two kilobytes, at some 50 MB/s, while every other
-- webhook of the batch waits. They are kept for days and read once: room is cheaper than time.
ALTER TABLE webhook ALTER COLUMN body SET STORAGE EXTERNAL;
