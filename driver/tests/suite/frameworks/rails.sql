-- What Rails dumps of these migrations into db/structure.sql, and rows as has_secure_token makes them:
--
--   create_table :users do |t|
--     t.string :email, null: false, default: ""
--     t.string :token, null: false
--     t.timestamps
--   end
--   add_index :users, :token, unique: true
CREATE TABLE public.users (
    id bigint NOT NULL,
    email character varying DEFAULT ''::character varying NOT NULL,
    token character varying NOT NULL,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE SEQUENCE public.users_id_seq START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1;
ALTER SEQUENCE public.users_id_seq OWNED BY public.users.id;
ALTER TABLE ONLY public.users ALTER COLUMN id SET DEFAULT nextval('public.users_id_seq'::regclass);
ALTER TABLE ONLY public.users ADD CONSTRAINT users_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX index_users_on_token ON public.users USING btree (token);

-- SecureRandom.base58(24)
INSERT INTO users (email, token, created_at, updated_at)
    SELECT i || '@shop.example', base58, '2025-03-01', '2025-11-03'
    FROM generate_series(1, 500) AS i, LATERAL (
        SELECT string_agg(substr('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz',
                                 1 + floor(random() * 58)::integer, 1), '') AS base58
        FROM generate_series(1, 24) WHERE i IS NOT NULL
    ) AS made;
