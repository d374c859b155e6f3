UPDATE ticket SET token = gen_random_uuid();
