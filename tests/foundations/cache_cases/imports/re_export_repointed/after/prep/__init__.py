from prep.second import clean
