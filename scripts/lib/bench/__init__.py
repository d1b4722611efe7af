"""What scripts/bench is made of. One file for each store: ringkv, redis, bare_zmq, etcd; rows.py is what is compared."""
